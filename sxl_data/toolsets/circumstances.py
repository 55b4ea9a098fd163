"""Who asks, from where and why: a sentence beside the request that changes nothing about it.

It holds no number, no date and none of the words that a tool takes, so nothing in it can be mistaken for a detail of
the task. Patterns and words are values like others: the held-out side has its own (`pick`).
"""

from __future__ import annotations

from sxl_data.toolsets.pick import Pick

JOBS = (
    "nurse|beekeeper|violinist|paramedic|carpenter|geologist|referee|interpreter|dairy farmer|taxi driver|puppeteer|"
    "tax clerk|midwife|glazier|cartoonist|park ranger|sommelier|bricklayer|cellist|diplomat|fishmonger|goldsmith|"
    "harbour pilot|ice-cream maker|judge|kindergarten teacher|lifeguard|mechanic|night porter|oboist|pharmacist|"
    "quarryman|radiographer|shepherd|tailor|undertaker|vet|weaver|zookeeper|air-traffic controller|bookseller|"
    "choreographer|dog groomer|estate agent|florist|gamekeeper|hairdresser|ironmonger|jockey|landscape gardener|"
    "magician|notary|optician|plasterer|roofer|stonemason|tattooist|upholsterer|ventriloquist|watchmaker|acrobat|"
    "baker|costume designer|dental assistant|events manager|foundry worker|glassblower|historian|illustrator|"
    "journalist|locksmith|miller|nutritionist|organ builder|potter|retired teacher|sailmaker|trainee|translator|"
    "volunteer|web designer|yoga teacher"
).split("|")
COUNTRIES = (
    "Albania|Bolivia|Cambodia|Denmark|Ecuador|Finland|Georgia|Honduras|Iceland|Jamaica|Kenya|Latvia|Malawi|Nepal|"
    "Oman|Paraguay|Romania|Senegal|Tunisia|Uruguay|Vietnam|Zambia|Armenia|Bhutan|Chile|Dominica|Estonia|Fiji|Ghana|"
    "Hungary|Ireland|Jordan|Kosovo|Laos|Malta|Namibia|Panama|Rwanda|Slovenia|Togo|Uganda|Vanuatu|Wales|Brittany|"
    "Tyrol|Catalonia|Lapland|Patagonia|Bavaria|Cornwall|Sicily|Corsica|Flanders|Galicia|Moravia|Tasmania|Saxony|"
    "Andalusia|Silesia|Anatolia"
).split("|")
EVENTS = (
    "harvest festival|book fair|charity run|open day|school reunion|flea market|poetry slam|village fête|science "
    "fair|choir tour|chess tournament|silver wedding|film premiere|regatta|street party|bake sale|job interview|"
    "dress rehearsal|housewarming|graduation|pottery course|parents' evening|horse show|farewell dinner|jazz weekend|"
    "dog show|christening|blood drive|cheese tasting|board meeting|allotment inspection|lantern parade|audit|photo "
    "exhibition|marathon|quiz night|sailing trip|barn dance|language exam|charity auction|carnival|first-aid course|"
    "fun fair|conference|scout camp|wine tasting|kite festival|ski trip|debate|retirement party|flower show|company "
    "outing"
).split("|")
ANIMALS = (
    "cat|parrot|tortoise|hamster|greyhound|ferret|goat|rabbit|budgie|poodle|pony|gecko|guinea pig|canary|dachshund|"
    "donkey|hedgehog|kitten|llama|magpie|newt|owl|piglet|rooster|spaniel|terrier|labrador|cockatoo|chinchilla|alpaca|"
    "lamb|gosling"
).split("|")
FOODS = (
    "soup|porridge|dumplings|risotto|pancakes|lasagne|goulash|marmalade|gnocchi|strudel|curry|paella|focaccia|"
    "chutney|ratatouille|crumble|quiche|noodles|waffles|meringue|sauerkraut|falafel|polenta|trifle|pierogi|bread "
    "dough|jam|stew|moussaka|tagine|shortbread|ramen|brioche|couscous|fudge|hummus|borscht|empanadas|custard|granola"
).split("|")
WEATHERS = (
    "pouring|snowing|foggy|sweltering|hailing|drizzling|freezing|blowing a gale|unusually mild|thundering|windy|"
    "slippery outside|gloriously sunny|muggy|sleeting|overcast|humid|icy|stormy|dark already|bitterly cold|misty"
).split("|")
GALES = (
    "rain|snow|fog|drizzle|thunder|sunshine|hail|frost|heat|wind|ice|storms|mist|sleet|showers|dew|mud|moonlight"
).split("|")
CHORES = (
    "folding laundry|peeling potatoes|painting a fence|feeding the baby|walking the dog|waiting for the ferry|"
    "queuing at the pharmacy|rocking a pram|packing boxes|stirring a sauce|watering tomatoes|ironing shirts|kneading "
    "dough|shelling peas|waxing skis|untangling fairy lights|knitting a sleeve|pumping up tyres|polishing shoes|"
    "bottling cider|hanging wallpaper|grooming a horse|sorting buttons|grading essays|changing a nappy|defrosting "
    "the fridge|glazing a pot|tuning a guitar|sweeping leaves|loading the van|mending nets|planting garlic|icing a "
    "cake|drying herbs|stacking wood"
).split("|")
BODIES = (
    "broken wrist|sore throat|new pair of glasses|stiff neck|sprained thumb|cold|migraine|bandaged finger|toothache|"
    "frozen shoulder|blistered heel|sunburnt nose|tired back|hoarse voice|black eye|twisted ankle|hay fever|hiccups"
).split("|")
MACHINES = (
    "laptop|dictation app|screen reader|old phone|borrowed tablet|space bar|touchpad|mouse|car radio|smartwatch|"
    "headset|router|second monitor|trackball|battery|webcam|keyboard|voice recorder"
).split("|")
TROUBLES = (
    "keeps freezing|is nearly empty|plays up again|has a cracked screen|only half works|is being repaired|squeaks|"
    "lags|went missing|fell into the sink|belongs to my aunt|is set to Danish|is charging|gave up this morning"
).split("|")
KIN = (
    "mother|uncle|twin sister|stepson|grandmother|niece|cousin|father-in-law|godmother|nephew|flatmate|neighbour|"
    "landlady|old boss|new colleague|tutor|daughter|grandson|brother|aunt|half-brother|fiancé|best friend|trainer"
).split("|")
FEELINGS = (
    "impatient|nervous|delighted|sceptical|overjoyed|grumpy|curious|exhausted|relieved|anxious|cheerful|puzzled|"
    "fussy|enthusiastic|sleepy|proud|homesick|furious|thrilled|absent-minded"
).split("|")
HABITS = (
    "collects matchboxes|plays the bassoon|never answers the phone|breeds pigeons|swims in winter|restores old "
    "radios|writes crime novels|sings in the shower|speaks Icelandic|bakes on Sundays|paints miniatures|studies moss|"
    "reads tea leaves|builds model trains|grows giant pumpkins|dances tango|repairs violins|keeps bees|juggles|"
    "climbs glaciers|teaches origami|votes on everything|hates paperwork|lives on a houseboat|travels by tandem|"
    "brews root beer|counts everything|loves lists|forages mushrooms|dreads spreadsheets"
).split("|")
KINDS = (
    "ancient|carved|dusty|enormous|fragile|gilded|half-finished|hand-made|hollow|imported|inflatable|jagged|knitted|"
    "lopsided|mended|miniature|mouldy|noisy|old-fashioned|oversized|painted|peculiar|quaint|ragged|rented|rusty|"
    "second-hand|slippery|spare|squeaky|tangled|velvet|vintage|windproof|wobbly|wooden|battered|borrowed|clumsy|"
    "cracked|crooked|damp|expensive|faded|folding|forgotten|gleaming|heavy|home-made|lacquered|leaky|polished|"
    "precious|priceless|scratched|shabby|shiny|stolen|striped|unwieldy|useless|valuable|varnished|weathered|worthless"
).split("|")
DEEDS = (
    "dropped|borrowed|admired|buried|carved|decorated|exchanged|found|guarded|hid|invented|juggled|lost|misplaced|"
    "noticed|painted|rescued|smuggled|tested|unpacked|varnished|weighed|auctioned|blessed|criticised|donated|"
    "embroidered|forged|glued|hosted|inherited|launched|melted|ordered|photographed|ruined|scrubbed|tasted|"
    "upholstered|won|assembled|broke|confiscated|demolished|engraved|filmed|hung|insured|mailed|nicknamed|polished|"
    "recommended|sketched|sold"
).split("|")
OBJECTS = (
    "accordion|armchair|balloon|bench|boat|bonnet|bridge|cabinet|canoe|carriage|chandelier|cradle|curtain|dartboard|"
    "dome|fountain|gazebo|gong|haystack|igloo|jukebox|lectern|locket|mandolin|maypole|megaphone|obelisk|orchid|"
    "parasol|pendulum|pinball machine|quilt|raft|rocking horse|sandcastle|scarecrow|statue|sundial|tapestry|tombola|"
    "totem|trombone|unicycle|violin|wagon|weathercock|wigwam|xylophone|yurt|zither|abacus|birdhouse|catapult|doll's "
    "house|easel|ferris wheel"
).split("|")
PATTERNS = (
    "{My|Our} {kin} from {country} {deed} {the|a} {kind} {object} {at|before|during|after} the {event}{, "
    "hence the rush|}.",
    "{My|Our} {kin}'s {animal} {chewed|hid|knocked over|scratched|buried|ran off with} {the|a} {kind} "
    "{object}{| again}.",
    "{A|Some} {job} {from|in} {country} {deed} {our|the|my} {object}, {long story|so here I am|believe it or not}.",
    "{Yesterday|Lately|Last week} {we|they} {deed} {a|the} {kind} {object} {for|with} {my {kin}|the {job}|the "
    "{event}}.",
    "{No {object}|Neither {food} nor {object}}, no {event}, {says|swears|repeats} {the|our} {feeling} {job}.",
    "{Apart from|Except for} the {kind} {object}, {everyone|the {job}} {expects|awaits} {this|it}{ in {country}|}.",
    "{Think of|Picture} {a {feeling} {job}|my {kin}} {chore}: {that's me|exactly so|welcome to {country}}.",
    "{Once|When} my {kin} {deed} {a|the} {object} {in {country}|at the {event}}, {I was {feeling} too|none of "
    "us helped}.",
    "{Work|Life} as a {job} {in {country} |}means {chore}{, {food} and {weather_noun}|}.",
    "{Regards|Postcards} from {country}: {food}, {weather_noun} and {a {feeling} {kin}|one {kind} {object}}.",
    "{Outside|Here} it's {weather}{, {food} on the stove|, the {animal} wants in|, my {kin} {habit}|}.",
    "{The {event}|It} {made|left} {my {kin}|the {job}|us all} {feeling}{, the {animal} included|, {food} or not|}.",
    "My {kin}, {a {job} by trade|{feeling} as ever}, {habit}{ in {country}|}.",
    "{Still {chore}|Tired from {chore}}, {I have|I'm nursing} a {body}{ and a {kind} {object}|}.",
    "My {machine} {trouble}{, {food} in the keys| since the {event}|; ask the {animal}|}.",
    "{Our {animal}|My {kin}'s {animal}} {sleeps on|chews|hides} {the {object}|my {machine}}{ whenever it's "
    "{weather}|}.",
    "{Between {event} and {other}|{event}, {other}, {chore}}: {no time|what a month|I lose track}.",
    "{Everyone|Nobody} {at the {event}|in {country}} {knows|recalls} {who {deed} the {object}|my {feeling} {kin}}.",
    "{Whoever|The {job} who|The {feeling} {job} who} {deed} my {kind} {object} {owes me {food}|fled to "
    "{country}|has a {animal}}.",
    "{For|Before} the {event} {my {kin}|a {job}} {cooked|ordered|tasted} {food} and {deed} a {object}.",
)


def circumstance(pick: Pick) -> str:
    """A sentence of one of `PATTERNS`."""
    event, other = pick.several(EVENTS, 2)
    slots = {
        "job": JOBS,
        "country": COUNTRIES,
        "animal": ANIMALS,
        "food": FOODS,
        "weather": WEATHERS,
        "weather_noun": GALES,
        "chore": CHORES,
    }
    slots |= {
        "body": BODIES,
        "machine": MACHINES,
        "trouble": TROUBLES,
        "kin": KIN,
        "feeling": FEELINGS,
        "habit": HABITS,
    }
    slots |= {"deed": DEEDS, "object": OBJECTS}
    kind, other_kind = pick.several(KINDS, 2)
    values = {name: pick.new(pool) for name, pool in slots.items()} | {"kind": kind, "other_kind": other_kind}
    said = pick.say(pick.new(PATTERNS), event=event, other=other, **values)
    return said[:1].upper() + said[1:]
