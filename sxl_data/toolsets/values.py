"""Pools of values that several sets draw from: names of people in many languages, words, days, times.

All are made up. Pools are large enough that a quarter of each can be held out (`pick`).
"""

from __future__ import annotations

from datetime import date, timedelta

from sxl_data.toolsets.sayings import MADE_DOINGS, MADE_REMARKS

PEOPLE = tuple(
    "Zoë Łukasz Nguyễn Søren João Chidi Aroha Priya Siobhán Çağla Ólafur Юлия Дмитрий أحمد ليلى 小林 陈伟 김민준 "
    "Amélie "
    "Björn Renée François Inês Müller Håkan Katarína Şebnem Đorđe Živa Ewa Mateusz Iñaki Begoña Núria "
    "Ayodele Oluwaseun "
    "Thandiwe Sipho Wanjiru Mwangi Fatoumata Aïssatou Nadège Rajesh Lakshmi Anjali Suresh Farhan Zainab "
    "Hyun-woo Sakura "
    "Haruto Mei-Ling Xiao Bao Linh Somchai Rungnapa Putri Budi Malia Keanu Ngaire Tama Marta Jonas Greta Tomasz Ilse "
    "Wouter Maarten Anouk Eszter Gábor Ioana Radu Nikos Eleni Yiannis Dimitra Anna Peter Maria Hassan Noor Olga Ivan "
    "Petra Luis Carmen Paulo Beatriz Ida Emil Freja Aino Veikko Liis Kadri Jānis Mindaugas Rasa דנה יואב "
    "Γιώργος".split()
)
TOPICS = tuple(
    "budget invoice roadmap inventory payroll onboarding warranty insurance glossary timetable catalogue "
    "menu itinerary "
    "checklist syllabus recipe survey audit forecast contract lease manifest proposal newsletter agenda "
    "minutes receipt "
    "specification blueprint schedule directory memo brochure questionnaire transcript estimate statement handbook "
    "playlist rota ledger portfolio charter petition bulletin appendix summary outline prospectus "
    "testimonial quotation "
    "reference logbook register worksheet diary scorecard briefing dossier digest abstract almanac".split()
)
PLACES = tuple(
    "Lisbon Kraków Oslo Nairobi Osaka Montréal Zürich Reykjavík Hanoi Lagos Quito Perth Tallinn Galway Málaga Göteborg "
    "Ljubljana Tbilisi Dakar Accra Cusco Valparaíso Bergen Turku Utrecht Brno Graz Leipzig Porto Bilbao Nantes Ghent "
    "Aarhus Kigali Windhoek Colombo Penang Busan Sapporo Darwin Dunedin Halifax Tucson Omaha Winnipeg "
    "Belém Rosario".split()
)
THINGS = tuple(
    "lantern kettle ladder blanket compass notebook backpack thermos tripod headset keyboard lamp mug scarf umbrella "
    "toolbox hammock telescope puzzle teapot cushion clock mirror vase basket apron skillet whisk corkscrew stapler "
    "helmet pump saddle kite drum flute easel sketchbook candle planter trowel watering-can rake stool bookend "
    "doormat coaster tray carafe grater colander rolling-pin thermometer radio speaker charger cable adapter".split()
)
COLOURS = tuple("red blue green black white grey yellow orange purple teal ivory maroon olive navy coral amber".split())
MOODS = tuple(
    "quiet bright brisk mellow gentle lively steady crisp warm plain swift bold calm keen neat sturdy fresh tidy sunny "
    "hasty early late rough final spare extra local annual rapid mild grand minor major modern narrow open pale prime "
    "pure rare round sharp silent simple smart smooth solid tiny tough urban vivid witty young zesty "
    "hidden idle".split()
)
DOINGS = (
    *MADE_DOINGS,
    *"water the plants|call the dentist|renew the passport|pay the plumber|return the library books|book the ferry|"
    "order printer ink|descale the coffee machine|pick up the parcel|send the signed form|back up the laptop|"
    "change the air filter|feed the neighbour's cat|check the smoke alarm|print the boarding passes|sharpen the knives|"
    "cancel the trial|collect the dry cleaning|update the password list|write the thank-you card|test the generator|"
    "defrost the freezer|measure the window|charge the drill|empty the compost|oil the hinges|find the spare key|"
    "wash the duvet|label the boxes|ring the landlord|prune the roses|buy cat litter|fix the bicycle light|"
    "renew the parking permit|tune the piano|sort the photographs|bleed the radiators|book the eye test".split("|"),
)
REMARKS = (
    *MADE_REMARKS,
    *"the lift is out of order until Monday|parking is free after six|the key is under the blue "
    "pot|deliveries go to the "
    "side gate|two chairs are still missing|the quote is valid for thirty days|bring the long extension "
    "lead|the second "
    "door sticks in damp weather|the caretaker has a copy|ask for the window table|the code changes every quarter|the "
    "projector needs an adapter|gluten-free plates are on the left|the shuttle leaves from bay "
    "four|refunds take a week|"
    "the draft still lacks a title|the north room is colder|photos are allowed without flash|the deposit was paid in "
    "cash|the last bus is at ten past eleven|the supplier moved to new premises|samples arrive on Thursday|the printer "
    "jams on thick paper|all prices include tax|the bridge is closed to lorries|the bell does not ring|the form needs "
    "two signatures|the heating starts at five|lunch is served in the annex|badges must be worn|the invoice has a typo|"
    "the west stairs are being painted|the kettle switches itself off|guests sign at the desk|the map "
    "shows the old road|"
    "spare bulbs are in the cellar|the menu changes on Fridays|the lake freezes in January|cash is not "
    "accepted|the choir "
    "sings without notes|the gate opens inwards|all numbers are rounded|the stamp is in the top "
    "drawer|dogs stay outside|"
    "the roof was mended in spring|no one has the second password|the scale is in grams|the tram stops "
    "by the museum|the "
    "seats are numbered from the left|the minutes were sent round|a spare tyre costs extra|the tower is "
    "open to visitors|"
    "the ladder is too short|the paint dries overnight|the phone rings twice|the answer is still open|"
    "the archive opens on request|the well is tested yearly|the fence belongs to the neighbour".split("|"),
)
# Not by strftime, which follows the locale of whoever builds.
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_MONTHS = "January February March April May June July August September October November December".split()
FIRST_DAY = date(2026, 3, 2)
DAYS = tuple((FIRST_DAY + timedelta(days=n)).isoformat() for n in range(3, 240))
TIMES = tuple(f"{hour:02}:{minute:02}" for hour in range(8, 20) for minute in (0, 15, 30, 45))


def spoken(day: str) -> str:
    """``2026-03-05`` as a person writes it: Thursday 5 March 2026."""
    when = date.fromisoformat(day)
    return f"{_WEEKDAYS[when.weekday()]} {when.day} {_MONTHS[when.month - 1]} {when.year}"
