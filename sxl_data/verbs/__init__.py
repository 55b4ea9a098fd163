"""The commands of the command line, a module for each door. Each says `add(command)`: parse, call one
function, print; nothing heavy is imported before a command runs."""
