"""How a message begins and ends where it is written as a letter: greetings, and who signs.

Names of senders and of their firms are made up; they are values like others (`pick`).
"""

from __future__ import annotations

from sxl_data.toolsets.pick import Pick

SURNAMES = (
    "Abara Achterberg Adeyemi Albescu Almeida Andrássy Arslan Baumgartner Belkacem Bergström Bianchi Blom Bogdanov "
    "Brandão Byrne Castellanos Chukwu Cieślak Conti Dahl Davidson Delacroix Dimitrov Dlamini Drummond Duarte Eide "
    "Ekström Engel Esposito Falk Fernández Fiala Finch Flanagan Fofana Fontaine Gallo García Gashi Gruber "
    "Guðmundsson Gupta Haddad Halloran Hartmann Hashimoto Herrera Hofer Horváth Huang Ibarra Ivanova Jansson Jensen "
    "Jovanović Kamau Kapoor Karlsson Katz Kaya Keller Kim Kovač Kowalczyk Krause Kuusisto Laine Lambert Larsen "
    "Leclerc Lehtonen Lindqvist Lopes Lund MacLeod Mahlangu Marchetti Markovic Mbeki McAllister Mensah Meyer "
    "Mikkelsen Moreau Mutua Nakamura Ndiaye Nemeth Nilsson Novák Nowicki Núñez Obi Oduya Okafor Olsen Onyango Orlov "
    "Ortega Osei Ottosson Papadakis Park Pavlović Pereira Petrov Pham Pinto Popescu Quinn Raman Ramírez Rasmussen "
    "Reyes Ribeiro Rossi Rousseau Rubio Saar Saito Salazar Santos Sato Schneider Schwarz Sharma Silva Singh Sjöberg "
    "Smit Sørensen Soto Stein Suarez Sundberg Svoboda Szabó Tanaka Tekin Thorne Toivonen Tran Treadwell Tufan Ueda "
    "Ulrich Urbanek Vance Varga Vasquez Vermeulen Vidal Virtanen Vogel Wagner Walsh Watanabe Weber Whitlock Wójcik "
    "Wolff Yamada Yeşil Yılmaz Zanetti Zeman Zhang Zielinski Zimmermann"
).split()
TRADES = (
    "Logistics|Opticians|Bakery|Shipping|Tiles|Timber|Publishing|Insurance|Catering|Removals|Dairy|Instruments|"
    "Textiles|Plumbing|Motors|Nurseries|Ceramics|Fisheries|Architects|Printing|Solar|Vineyards|Marine|Pharmacy|Toys|"
    "Upholstery|Brewery|Analytics|Bicycles|Foundry|Roofing|Translations|Auctions|Stables|Chocolates|Windows"
).split("|")
GREETINGS = (
    "{Hi|Hello|Hey}{ again|, it's me|}, {surname} {speaking|here|from {firm}}.",
    "{Good morning|Good evening|Greetings} from {firm}.",
    "{surname} {speaking|here}{ once more|, {firm}|}.",
    "{This is|You're talking to} {surname}{, {firm}| of {firm}|}.",
    "To whoever {reads this|is on duty} at {firm}.",
    "{Following|After} {my call|the chat} with {surname}: here goes.",
    "{surname} {forwarded|mentioned} this{ yesterday|, as ever|}.",
    "{firm} again.",
)
FAREWELLS = (
    "{Best|Yours|Regards|Cheers|Sincerely}, {surname}{, {firm}|}.",
    "{Many thanks|Kind regards}{ from {firm}|}, {surname}.",
    "Signed, {surname}{ for {firm}|}.",
    "{surname} {knows|agrees|approved it}.",
    "{Copy in|And tell} {surname}? No, {that's fine|never mind}.",
    "{firm} {thanks you|says hello|is grateful}.",
    "{Greetings|Love}, {surname} {and family|junior|senior}.",
    "Sent {on behalf of|for} {surname}{ at {firm}|}.",
)


def greeting(pick: Pick) -> str:
    """A first sentence that names who writes."""
    return pick.say(pick.new(GREETINGS), **_names(pick))


def farewell(pick: Pick) -> str:
    """A last sentence that names who writes."""
    return pick.say(pick.new(FAREWELLS), **_names(pick))


def _names(pick: Pick) -> dict[str, str]:
    surname, other, partner = pick.several(SURNAMES, 3)
    trade = pick.new(TRADES)
    return {"surname": surname, "firm": pick.any((f"{other} {trade}", f"{other} & {partner}", f"{other} and Sons"))}
