"""Things to note and things to do, put together from parts so that a pool holds hundreds.

A remark is a subject and what is said of it, an errand a verb and its object. Each part meets only some of the others,
so that the whole stays far smaller than the product, and the same on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence

_SUBJECTS = (
    "the lift|the boiler|the north gate|the loading bay|the staff kitchen|the old archive|the spare key|the "
    "visitors' book|the west staircase|the projector|the delivery van|the reading room|the alarm system|the roof "
    "terrace|the bicycle shed|the laser cutter|the greenhouse|the ferry timetable|the seating plan|the guest list|"
    "the deposit|the supplier's quote|the insurance form|the floor plan|the notice board|the lost property box|the "
    "first draft|the second interview|the museum ticket|the rental agreement|the fire drill|the choir rehearsal|the "
    "swimming pool|the water meter|the compost heap|the chess club|the night shift|the harbour office|the cable car|"
    "the bakery|the night train|the laundry|the orchard|the quarry|the footbridge|the lighthouse|the vaccination "
    "card|the mosaic|the telescope|the tasting menu|the sound check|the exchange rate|the safety manual|the "
    "warehouse ledger|the antique clock|the marathon route|the beehive|the camping stove|the coat rack|the weather "
    "station|the printing press|the darkroom|the sailing course|the pottery kiln|the wine cellar|the cloakroom|the "
    "bus shelter|the puppet theatre|the tennis court|the jam recipe|the moving crate|the piano tuner|the customs "
    "form|the landing stage|the radio tower|the picnic area|the hotel lobby|the vending machine|the garden pond|the "
    "ski pass|the toll road|the stained-glass window|the chimney|the emergency generator|the dance studio|the fish "
    "market|the ice rink|the planetarium|the souvenir stall|the quiet carriage|the goat shed|the tram depot|the "
    "barometer"
).split("|")
_SAID = (
    "was mended|belongs to the neighbour|is out of order|stays locked|opens on request|needs two signatures|costs "
    "more|was moved to the annex|smells of paint|gets checked|has been sold|turned out smaller|is fully booked|won a "
    "prize|must not be photographed|comes with a guarantee|looks better|was designed by a student|will be replaced|"
    "is hard to find|has its own entrance|closes early|should be insured|was paid in cash|gets crowded|never worked "
    "properly|appears in a film|was left out of the brochure|attracts wasps|needs oiling|makes a humming noise|was "
    "donated|is missing from the inventory|rattles|can be hired|is run by volunteers|was rebuilt|shows a crack|"
    "awaits a permit|faces the wrong way|is worth a detour|should be aired|was painted by pupils|has been postponed|"
    "is exempt from the fee|remains a mystery|counts twice|was overlooked|needs a new battery|is popular with "
    "joggers|was in the paper|is kept under glass|shakes a little|has a waiting list|is protected|was measured "
    "wrongly|doubles as a storeroom|was bought second-hand|freezes over|changed hands|is guarded by geese|may be "
    "cancelled|leaks|is included in the price|was forgotten|runs on solar power|is shared with the school|arrived "
    "without screws|needs varnish|has excellent acoustics|was renamed|lies outside the map|has been vacant|was "
    "praised by the jury|requires sturdy shoes|costs nothing|was audited|is being repainted|draws crowds|sold out|"
    "was vandalised|needs an inspection|has moved|was double-booked|is under review|fell silent|went up in price|was "
    "swapped|lost its sign"
).split("|")
_WHEN = (
    "since Easter|in heavy rain|every autumn|after the storm|at short notice|without a receipt|until further notice|"
    "by mistake|during the holidays|twice a year|on public holidays|for the time being|last winter|before the merger|"
    "despite the warning|after lunch|in the dark|against all advice|as usual|at weekends|because of the strike|"
    "beyond the car park|by popular demand|for tax reasons|from June onwards|in both languages|in the west wing|like "
    "last year|near the chapel|next to the canteen|on Thursdays|on the landlord's orders|out of season|over the "
    "weekend|per our agreement|since the flood|so far|the day after the fair|this month only|thanks to a donor|"
    "through an agency|under the new rules|unless it snows|upon request|when lorries pass|while stocks last|with a "
    "discount|within walking distance|without notice|according to the caretaker|ahead of schedule|all summer|as "
    "agreed by phone|at the council's expense|behind the stage|below the stairs|between terms|during rehearsals|for "
    "insurance purposes|if the wind turns"
).split("|")
_PEOPLE = (
    "dentist|landlord|plumber|vet|librarian|accountant|florist|tailor|optician|caretaker|midwife|surveyor|notary|"
    "electrician|beekeeper|babysitter|locksmith|physiotherapist|piano teacher|travel agent|caterer|chimney sweep|"
    "insurance broker|organist|driving instructor|bookbinder|gardener|roofer|housing office|swimming club|tax "
    "adviser|upholsterer|town clerk|pharmacist|choirmaster|pottery teacher"
).split("|")
_GOODS = (
    "printer ink|cat litter|light bulbs|stamps|birthday candles|oat milk|garden twine|a bicycle pump|batteries|fresh "
    "basil|wrapping paper|dishwasher salt|a spare fuse|running shoes|vanilla pods|thumb tacks|a door mat|sun cream|"
    "sheet music|bird seed|a wedding present|charcoal|vacuum bags|crayons|rye flour|an umbrella stand|curtain hooks|"
    "lentils|a travel adapter|plasters|concert tickets|a wall calendar|saffron|fence paint|knitting wool|a chess set|"
    "firewood|a lunch box|mosquito net|beeswax"
).split("|")
_THINGS = (
    "smoke alarm|kitchen tap|cellar window|hall carpet|gutter|bird feeder|oven door|garden hose|filing cabinet|"
    "bookshelf|tent|rucksack|sewing machine|fish tank|letterbox|washing line|attic hatch|mountain bike|camera lens|"
    "doorbell|medicine chest|spice rack|record player|hearth|coffee grinder|wheelbarrow|roller blind|wardrobe|"
    "saxophone|globe|kayak|deckchair|barbecue|trampoline|sledge|typewriter"
).split("|")
_VISITS = "call|write to|thank|pay|visit|meet|ring back|apologise to|send photographs to|ask a favour of".split("|")
_ERRANDS = "buy|order|collect|return|wrap|look for|pick up|compare prices of|ask about|give away".split("|")
_CHORES = "repair|clean|measure|sell|paint|photograph|check|empty|move|cover|take apart|lend out".split("|")


def _paired(first: Sequence[str], second: Sequence[str], each: int, joined: str = "{} {}") -> list[str]:
    """Every one of ``first`` with ``each`` of ``second``, other ones for each."""
    size = len(second)
    return [
        joined.format(one, second[(n * 7919 + k * (size // each)) % size])
        for n, one in enumerate(first)
        for k in range(each)
    ]


MADE_REMARKS = tuple(_paired(_paired(_SUBJECTS, _SAID, 12), _WHEN, 1))
MADE_DOINGS = (
    *_paired(_PEOPLE, _VISITS, 4, "{1} the {0}"),
    *_paired(_GOODS, _ERRANDS, 4, "{1} {0}"),
    *_paired(_THINGS, _CHORES, 4, "{1} the {0}"),
)
