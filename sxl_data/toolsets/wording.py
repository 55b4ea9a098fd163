"""How people ask: openings and closings around a request, requests that no tool fits, and the words of a refusal.

Openings and closings are values like others: the held-out side has its own (`pick`).
"""

from __future__ import annotations

from sxl_data.toolsets.circumstances import circumstance
from sxl_data.toolsets.letters import farewell, greeting
from sxl_data.toolsets.pick import Pick

OPENINGS = (
    "Hi,|Hello there.|Hey,|Good morning.|Quick one:|When you have a minute:|Sorry to bother you again.|Right, "
    "next thing.|I keep forgetting this, so:|Before I leave for the train:|My hands are full, so I'm dictating"
    " this.|For tomorrow's visit:|Small favour:|Okay,|So,|Morning!|Evening.|As we discussed:|One more:|I'm on "
    "the phone, so briefly:|This has been on my list for weeks.|Let's get this done.|Could you help me "
    "out?|I'd be grateful for a hand.|Not urgent, but:|This one is urgent.|I only have a moment.|Following up "
    "from last week:|A colleague asked me for this.|The auditors are coming, so:|My manager wants it "
    "today.|While I remember:|New task.|Dear assistant,|Here is what I need.|I tried it myself and got"
    " lost.|Bear with me, I'm new here.|Housekeeping time.|Back from holiday, catching up:|Time to tidy "
    "up.|We're short of staff today.|It's raining and I'm stuck inside, so let's do chores.|Two minutes until "
    "my meeting.|I promised someone I'd do this:|If it isn't too much trouble:|Just thinking aloud:|Next item "
    "on the agenda:|Ahoy!|Greetings.|The usual suspect here again.|For the record:|On behalf of the "
    "team:|Straight to the point:"
).split("|")
CLOSINGS = (
    "Thanks!|Thank you.|Cheers.|Much appreciated.|No need to explain, just do it.|Tell me when it's "
    "done.|That's all for now.|Keep it short, please.|I'll check later.|Many thanks in advance.|Let me know if"
    " anything is odd.|Ta!|Nothing else should change.|Take your time.|As soon as you can.|And then we're "
    "finished for today.|You're a star.|Please confirm.|I owe you one.|Shout if it fails.|Don't touch anything"
    " else.|That would help a lot.|Hope that's clear.|Reply in one line.|Then I can go home.|I'm counting on "
    "you.|It has to be right this time.|Over and out.|Gracias.|Merci bien.|Danke dir.|Grazie "
    "mille.|Obrigado!|Kiitos.|Dank je wel.|Tack så mycket.|A short confirmation will do.|Sorry for the "
    "rush.|I'd do it myself, but I'm driving.|My boss will be pleased.|Then I'll stop asking."
).split("|")

NOWHERE = (
    "{Write|Compose|Make up} a {short|four-line|rhyming} poem about a {colour} {thing}.",
    "What is the capital of the country that {place} lies in?",
    "{Translate|Put} “where is the {thing}?” into {Portuguese|Finnish|Swahili|Korean|Welsh}.",
    "Who {painted|discovered|invented} the first {thing}, and when?",
    "{Give me|I need} a {vegan|quick|festive} recipe that goes with a {colour} salad, for {person}'s birthday.",
    "What {will the weather be|is the weather} like in {place} {tomorrow|this weekend}?",
    "{Book|Reserve} {me a flight|two train tickets} to {place}{ for next month|, window seat}.",
    "Explain {why the sky is blue|how vaccines work} to {person}, who is {ten|eleven|eight} years old.",
    "Draw a {mood} picture of {place} with a {thing} in it.",
    "Is {person} a {common|rare} name in {place}?",
    "Tell {me|us} a joke about a {thing} and a {colour} horse.",
    "Which football club from {place} won last night?",
    "{Phone|Ring} {person} and sing happy birthday.",
    "What should I {wear|cook|read} on a {mood} evening in {place}?",
    "{Play|Put on} some {mood} music by a band from {place}.",
    "{Should I sell my shares|Is it a good time to buy a house} in {place}?",
    "My {thing} makes a {mood} noise. Can you hear it?",
    "What is this rash that {person} got after the trip to {place}?",
    "{Drive|Take} {person} to the airport in {place}.",
    "{Finish|Continue} this story: “The {colour} {thing} had been missing since {person} came to {place}.”",
    "Why do {colour} {thing}s {cost more|sell better} in {place}{| these days}?",
    "{Predict|Guess} who wins the {mood} contest in {place}: {person} or {other}?",
    "{Design|Sketch} a {mood} logo with a {thing} for {person}.",
    "{Who|Which band} sang “{colour} {thing}”, {person} or {other}?",
    "Does {colour} suit {person}{ with a {mood} {thing}|}?",
    "{Teach|Show} {person} to {dance|whistle|juggle}, {please|if you can}.",
    "How far is {place} from {elsewhere} {by bicycle|as the crow flies|on foot}?",
    "Name {three|some} {mood} films set in {place} or {elsewhere}.",
    "{Compliment|Cheer up} {person}, who broke the {colour} {thing}.",
    "{Is it true that|Did} {person} {of|from} {place} {invented|sold} the {thing}?",
    "Which is {nicer|cheaper|older}, {place} or {elsewhere}?",
    "{Scan|Smell|Taste} the {thing} on my {colour} table.",
    "{person} dreamt of a {mood} {thing} in {place}. What does it mean?",
    "{Haggle|Argue} with {person} over a {colour} {thing}.",
)
NOT_MINE = (
    "{I can't help with that|That is beyond what I can do here|I'm afraid that's not something I can do}: my tools "
    "{only cover|are for} {covers}.",
    "{None of my tools fits this|I have no tool for that}. {I can help with|What I do have is for} {covers}.",
    "{Sorry, that lies outside|That's outside} what I have tools for ({covers}), so I {have done nothing|left "
    "everything as it is}.",
    "{For that you'll need something else|You'd have to look elsewhere for that}; here I can work with {covers}.",
)


def dress(pick: Pick, request: str) -> str:
    """``request`` as one of many people might put it; about a sixth say only what they want, and half say besides who
    asks or why."""
    style = pick.random.random()
    aside = circumstance(pick) if pick.chance(0.65) else ""
    opening = closing = ""
    if style > 0.5:
        opening = (greeting(pick) if pick.chance(0.5) else pick.new(OPENINGS)) + " "
    if 0.3 <= style < 0.5 or style > 0.75:
        closing = " " + (farewell(pick) if pick.chance(0.6) else pick.new(CLOSINGS))
    before = pick.chance(0.6)
    begins = request.startswith(tuple(pick.drawn)) or request.startswith(("I ", "I'"))  # a name, or a word for oneself
    if aside and before:
        opening = opening if opening.rstrip().endswith((".", "!", "?")) else ""
        request = f"{aside} {request}"
    elif opening.rstrip().endswith((",", ":")) and not begins and not request[1:2].isupper():
        request = request[:1].lower() + request[1:]
    if aside and not before:
        request = f"{request} {aside}"
    return f"{opening}{request}{closing}"


def nowhere(pick: Pick) -> str:
    """A request that no tool of any set fits."""
    from sxl_data.toolsets.values import COLOURS, MOODS, PEOPLE, PLACES, THINGS

    (place, elsewhere), (person, other) = pick.several(PLACES, 2), pick.several(PEOPLE, 2)
    things = {"colour": pick.new(COLOURS), "thing": pick.new(THINGS), "mood": pick.new(MOODS)}
    return pick.say(pick.new(NOWHERE), place=place, elsewhere=elsewhere, person=person, other=other, **things)
