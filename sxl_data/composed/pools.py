"""Pools of texts that values are drawn from, by name: people, places, things, and words of many trades.

Real names of public things stand beside made-up persons; a request about them claims nothing of them.
"""

from __future__ import annotations

_FIRST = (
    "Maria|James|Aisha|Tom|Elena|Wei|Priya|Lucas|Sofia|Omar|Hannah|David|Chloe|Mateo|Yuki|Ingrid|Samuel|Nadia|Peter|"
    "Grace|Ahmed|Julia|Robert|Emma|Daniel|Fatima|Oliver|Lena|Victor|Rosa|Kevin|Amara|Leo|Clara|Noah|Zoe|Felix|Mina|"
    "Andre|Ruth|Karl|Alice|Ben|Tara|Hugo|Iris|Simon|Nora|Paul|Dina"
).split("|")
_LAST = (
    "Lopez|Smith|Khan|Becker|Petrova|Zhang|Sharma|Martin|Rossi|Haddad|Meyer|Johnson|Dubois|Garcia|Tanaka|Larsen|Okafor|"
    "Novak|Brown|Silva|Kim|Nguyen|Clark|Walker|Costa|Ali|Fischer|Ortiz|Murphy|Ivanov|Green|Adeyemi|Wright|Moreau|Berg|"
    "Castillo|Hughes|Kaya|Lindqvist|Park"
).split("|")
_TEXTS = {
    "city": "Oslo|Tokyo|Madrid|Nairobi|Toronto|Lisbon|Chicago|Berlin|Mumbai|Sydney|Cairo|Lima|Seoul|Vienna|Dublin|"
    "Boston|Denver|Paris|London|Rome|Prague|Athens|Bangkok|Singapore|Dubai|Montreal|Seattle|Austin|Miami|Atlanta|"
    "Hamburg|Munich|Barcelona|Milan|Zurich|Stockholm|Helsinki|Warsaw|Istanbul|Jakarta|Manila|Hanoi|Melbourne|Auckland|"
    "San Diego|New Orleans|Cape Town|Buenos Aires|Mexico City|Portland|Phoenix|Houston|Dallas|Philadelphia|Glasgow|"
    "Edinburgh|Kyoto|Osaka|Shanghai|Delhi|Lagos|Accra|Bogota|Santiago|San Francisco|New York|Los Angeles|Las Vegas|"
    "Beijing|Amsterdam|Brussels|Geneva|Krakow|Budapest|Marseille|Lyon|Naples|Vancouver|Calgary|Minneapolis",
    "city_state": "Austin, TX|Boston, MA|Denver, CO|Seattle, WA|Portland, OR|Miami, FL|Chicago, IL|Phoenix, AZ|"
    "San Diego, CA|Atlanta, GA|Nashville, TN|Madison, WI|Tucson, AZ|Omaha, NE|Boise, ID|Richmond, VA|Buffalo, NY|"
    "San Francisco, CA|Los Angeles, CA|Houston, TX|Detroit, MI|Salt Lake City, UT|New Orleans, LA|Cleveland, OH|"
    "Raleigh, NC|Tampa, FL|Oakland, CA|Santa Fe, NM|Berkeley, CA|New York, NY|Las Vegas, NV|Philadelphia, PA",
    "city_country": "Paris, France|Berlin, Germany|Tokyo, Japan|Madrid, Spain|Rome, Italy|Sydney, Australia|"
    "Toronto, Canada|London, UK|Cairo, Egypt|Lisbon, Portugal|Oslo, Norway|Vienna, Austria|Mumbai, India|"
    "Nairobi, Kenya|Lima, Peru|Seoul, South Korea|Dublin, Ireland|Athens, Greece|Hanoi, Vietnam|Accra, Ghana",
    "country": "France|Germany|Japan|Brazil|India|Canada|Kenya|Norway|Spain|Italy|Mexico|Egypt|Australia|Peru|Poland|"
    "Sweden|Turkey|Vietnam|Greece|Portugal|Chile|Morocco|Nigeria|Thailand|Ireland|Finland|Argentina|South Korea|China|"
    "United States|New Zealand|Netherlands|Switzerland|Indonesia|South Africa",
    "state": "California|Texas|New York|Florida|Ohio|Colorado|Oregon|Nevada|Georgia|Illinois|Arizona|Michigan|Virginia|"
    "Washington|Utah|Maine|Alaska|Montana|Iowa|Kansas|Louisiana|Massachusetts|Minnesota|New Jersey",
    "language": "French|German|Spanish|Japanese|Italian|Portuguese|Korean|Arabic|Hindi|Dutch|Swedish|Turkish|Polish|"
    "Greek|Vietnamese|Swahili|Finnish|English|Mandarin|Thai",
    "currency": "USD|EUR|GBP|JPY|CAD|AUD|CHF|INR|CNY|SEK|MXN|BRL|ZAR|NOK|SGD",
    "colour": "red|blue|green|yellow|orange|purple|black|white|pink|brown|grey|teal|navy|maroon|turquoise|beige|gold",
    "company": "Apple|Microsoft|Siemens|Toyota|Nestle|Tesla|Amazon|Nike|Sony|Intel|Volvo|Adidas|Pfizer|Boeing|Spotify|"
    "Netflix|Samsung|Unilever|Shell|Nokia|Honda|Ford|Airbus|Bayer|Cisco|Oracle|Starbucks|Walmart|IBM|Google|Meta|Nvidia",
    "ticker": "AAPL|MSFT|TSLA|AMZN|NKE|SONY|INTC|PFE|BA|NFLX|F|CSCO|ORCL|SBUX|WMT|IBM|GOOG|META|NVDA|KO|DIS|JPM|GE|AMD",
    "crypto": "Bitcoin|Ethereum|Litecoin|Cardano|Solana|Dogecoin|Polkadot",
    "animal": "tiger|elephant|dolphin|penguin|grey wolf|koala|giraffe|eagle|octopus|lion|zebra|panda|otter|falcon|"
    "cheetah|bison|lynx|hedgehog|sea turtle|gorilla",
    "breed": "Labrador|Beagle|Poodle|Dalmatian|Siamese|Maine Coon|Border Collie|Persian|Greyhound|Boxer",
    "plant": "tomato|basil|rose|sunflower|oak|cactus|lavender|fern|orchid|maize|wheat|bamboo|mint|tulip|ivy|soybean",
    "food": "banana|brown rice|grilled salmon|oatmeal|cheddar cheese|avocado|lentil soup|chicken breast|almonds|"
    "Greek yoghurt|white bread|scrambled eggs|dark chocolate|broccoli|apple pie|tofu|peanut butter|sweet potato",
    "ingredient": "chicken|rice|tomatoes|spinach|garlic|mushrooms|salmon|chickpeas|potatoes|eggs|basil|lentils|onions|"
    "beef|tofu|pasta|carrots|coconut milk|bell peppers|feta|zucchini|black beans|shrimp|ginger",
    "dish": "lasagna|pad thai|paella|chicken curry|mushroom risotto|beef stew|ratatouille|pancakes|tacos|ramen|falafel|"
    "clam chowder|banana bread|tiramisu|gazpacho|shakshuka|apple crumble|fried rice|carrot cake|minestrone",
    "cuisine": "Italian|Thai|Mexican|Indian|Japanese|French|Greek|Chinese|Lebanese|Korean|Ethiopian|Spanish|Vietnamese|"
    "Turkish|Peruvian",
    "diet": "vegan|vegetarian|gluten-free|keto|dairy-free|low-carb|halal|paleo|pescatarian|nut-free",
    "drug": "ibuprofen|aspirin|metformin|amoxicillin|paracetamol|lisinopril|warfarin|omeprazole|atorvastatin",
    "disease": "diabetes|asthma|influenza|malaria|hypertension|migraine|pneumonia|measles|arthritis|anaemia",
    "symptom": "fever|headache|cough|fatigue|nausea|sore throat|dizziness|chest pain|rash|back pain|shortness of breath",
    "sports_team": "Chicago Bulls|Real Madrid|Boston Celtics|Arsenal|New York Yankees|Bayern Munich|Dallas Cowboys|"
    "Toronto Raptors|Juventus|Ajax|Liverpool|Miami Heat|Denver Nuggets|Green Bay Packers|Inter Milan|Chelsea|"
    "Golden State Warriors|Los Angeles Lakers|FC Barcelona|Manchester City",
    "athlete": "Serena Williams|Lionel Messi|LeBron James|Usain Bolt|Roger Federer|Simone Biles|Tom Brady|Kylian Mbappe|"
    "Michael Phelps|Naomi Osaka|Stephen Curry|Megan Rapinoe|Rafael Nadal|Tiger Woods|Lewis Hamilton|Sachin Tendulkar",
    "league": "NBA|Premier League|La Liga|NFL|Bundesliga|MLB|NHL|Serie A|WNBA|Ligue 1",
    "sport": "basketball|football|tennis|swimming|volleyball|hockey|cricket|rugby|badminton|golf|baseball|rowing",
    "movie": "Inception|The Matrix|Casablanca|Parasite|Titanic|Jaws|Gladiator|Spirited Away|Amelie|Psycho|Alien|Up|"
    "The Godfather|Pulp Fiction|Forrest Gump|Blade Runner|Coco|Goodfellas",
    "director": "Christopher Nolan|Greta Gerwig|Steven Spielberg|Bong Joon-ho|Sofia Coppola|Ridley Scott|Ava DuVernay|"
    "Quentin Tarantino|Hayao Miyazaki|Jane Campion",
    "book": "Dune|Emma|The Hobbit|Beloved|Dracula|1984|Moby-Dick|The Odyssey|Middlemarch|Frankenstein|The Trial|"
    "Brave New World|Jane Eyre|Don Quixote|War and Peace|The Great Gatsby",
    "author": "Jane Austen|Toni Morrison|George Orwell|Haruki Murakami|Agatha Christie|Mark Twain|Virginia Woolf|"
    "Leo Tolstoy|Chinua Achebe|Ursula K. Le Guin|Stephen King|Mary Shelley|Charles Dickens",
    "song": "Bohemian Rhapsody|Imagine|Hey Jude|Respect|Yesterday|Hotel California|Thriller|Purple Rain|Dancing Queen|"
    "Hallelujah|Rolling in the Deep|Billie Jean|Wonderwall",
    "artist": "Adele|Queen|Miles Davis|Beyonce|Coldplay|Radiohead|Bob Marley|Nina Simone|David Bowie|The Beatles|Drake|"
    "Shakira|Daft Punk|Ed Sheeran|Rihanna|Metallica|Fleetwood Mac|Taylor Swift",
    "genre": "jazz|rock|classical|hip hop|blues|country|electronic|folk|reggae|pop|soul|metal",
    "film_genre": "comedy|thriller|horror|science fiction|drama|romance|animation|documentary|western|fantasy|mystery",
    "instrument": "violin|piano|guitar|cello|flute|trumpet|drums|saxophone|clarinet|harp|viola|oboe|trombone|banjo",
    "note": "C|D|E|F|G|A|B|C#|Eb|F#|Bb|Ab",
    "scale": "major|minor|pentatonic|blues|dorian|lydian|chromatic|mixolydian",
    "painter": "Claude Monet|Frida Kahlo|Vincent van Gogh|Pablo Picasso|Rembrandt|Georgia O'Keeffe|Edvard Munch|"
    "Johannes Vermeer|Salvador Dali|Gustav Klimt|Leonardo da Vinci|Berthe Morisot",
    "artwork": "The Starry Night|Guernica|The Kiss|Water Lilies|The Scream|Mona Lisa|The Night Watch|Nighthawks|"
    "The Persistence of Memory|Girl with a Pearl Earring",
    "museum": "Louvre|Prado|Uffizi Gallery|Tate Modern|Rijksmuseum|British Museum|Hermitage|Smithsonian|Guggenheim|"
    "Museum of Modern Art|Natural History Museum|Van Gogh Museum",
    "landmark": "Eiffel Tower|Golden Gate Bridge|Colosseum|Big Ben|Taj Mahal|Machu Picchu|Niagara Falls|Grand Canyon|"
    "Statue of Liberty|Brandenburg Gate|Sagrada Familia|Mount Fuji|Table Mountain|Acropolis",
    "river": "Nile|Danube|Amazon River|Rhine|Mississippi|Thames|Ganges|Volga|Yangtze|Seine",
    "mountain": "Mount Everest|K2|Kilimanjaro|Denali|Mont Blanc|Matterhorn|Aconcagua|Mount Elbrus",
    "planet": "Mars|Venus|Jupiter|Saturn|Mercury|Neptune|Uranus",
    "star": "Sirius|Betelgeuse|Vega|Polaris|Rigel|Antares|Proxima Centauri",
    "element": "carbon|oxygen|iron|gold|helium|sodium|copper|nitrogen|silver|calcium|zinc|neon|lead|sulfur|titanium",
    "compound": "H2O|CO2|NaCl|CH4|NH3|H2SO4|C6H12O6|CaCO3|HCl|C2H5OH|Fe2O3|KOH",
    "material": "steel|aluminium|copper|glass|oak wood|concrete|rubber|brass|granite|polyethylene|cork|ice",
    "liquid": "water|olive oil|mercury|ethanol|glycerine|milk|seawater|gasoline",
    "species": "African elephant|snow leopard|blue whale|monarch butterfly|red fox|bald eagle|grey wolf|giant panda|"
    "humpback whale|emperor penguin|honey bee|Atlantic salmon",
    "ecosystem": "Amazon rainforest|Sahara desert|Great Barrier Reef|Arctic tundra|Serengeti|Black Forest|Everglades|"
    "Mediterranean Sea|Lake Victoria|Congo Basin",
    "event_in_history": "French Revolution|Battle of Waterloo|fall of the Berlin Wall|signing of the Magna Carta|"
    "Boston Tea Party|moon landing|Congress of Vienna|Battle of Hastings|Great Fire of London|Black Death",
    "ruler": "Napoleon|Cleopatra|Queen Victoria|Julius Caesar|Abraham Lincoln|Charlemagne|Catherine the Great|"
    "Genghis Khan|Elizabeth I|Louis XIV|Ashoka|Winston Churchill",
    "empire": "Roman Empire|Ottoman Empire|Mongol Empire|Byzantine Empire|Inca Empire|British Empire|Han dynasty|"
    "Ming dynasty|Persian Empire|Aztec Empire",
    "scientist": "Marie Curie|Isaac Newton|Charles Darwin|Albert Einstein|Ada Lovelace|Nikola Tesla|Galileo Galilei|"
    "Rosalind Franklin|Niels Bohr|Alan Turing|Emmy Noether|Gregor Mendel",
    "invention": "telephone|printing press|steam engine|penicillin|light bulb|telescope|radio|dynamite|microscope|"
    "transistor|vaccine against smallpox|barometer",
    "theory": "general relativity|natural selection|plate tectonics|quantum mechanics|the Big Bang|germ theory",
    "subject": "biology|algebra|world history|chemistry|economics|computer science|geography|physics|literature|"
    "philosophy|statistics|art history",
    "university": "Stanford University|University of Oslo|MIT|Oxford University|ETH Zurich|Harvard University|"
    "University of Tokyo|McGill University|Sorbonne|University of Cape Town|Yale University",
    "month": "January|February|March|April|May|June|July|August|September|October|November|December",
    "weekday": "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday",
    "season": "spring|summer|autumn|winter",
    "court": "Supreme Court|High Court|Court of Appeals|District Court|Federal Court",
    "crime": "burglary|fraud|vandalism|shoplifting|assault|arson|identity theft|car theft",
    "law_area": "copyright|employment|immigration|tax|family|contract|patent|criminal|environmental|antitrust",
    "car_brand": "Toyota|Honda|Ford|BMW|Volvo|Audi|Nissan|Hyundai|Kia|Mazda|Subaru|Volkswagen",
    "car_model": "Corolla|Civic|Mustang|Golf|Model 3|Outback|X5|Focus|Camry|A4|Leaf|Prius",
    "airline": "Lufthansa|Delta|Emirates|KLM|Qantas|United Airlines|Air France|Singapore Airlines|SAS|Iberia",
    "airport": "JFK|LAX|LHR|CDG|FRA|NRT|SYD|DXB|AMS|ORD|SFO|MAD|SIN|YYZ|OSL|ATL",
    "hotel": "Hilton|Marriott|Grand Plaza|Seaside Inn|Hotel Continental|Park Hyatt|The Ritz|Alpine Lodge|Holiday Inn",
    "restaurant": "Blue Lantern|Trattoria Roma|The Copper Pot|Sakura House|Casa Verde|Le Petit Jardin|Spice Route|"
    "Harbour Grill|Golden Wok|The Olive Tree",
    "product": "wireless headphones|running shoes|coffee maker|desk lamp|laptop stand|yoga mat|water bottle|backpack|"
    "electric kettle|office chair|smart watch|mechanical keyboard|air purifier|phone case|tent|blender",
    "brand": "Sony|Bosch|Nike|Samsung|Philips|Dell|Canon|Lego|Adidas|Yamaha|Patagonia|Ikea",
    "topic": "renewable energy|artificial intelligence|climate change|space travel|mental health|urban gardening|"
    "electric cars|remote work|ocean pollution|ancient Rome|machine learning|quantum computing|world economy|nutrition",
    "profession": "nurse|software engineer|teacher|electrician|architect|data analyst|pharmacist|chef|plumber|journalist",
    "hobby": "painting|chess|hiking|photography|knitting|gardening|cycling|yoga|birdwatching|pottery",
    "email": "anna.berg@example.com|t.khan@example.org|info@greenfield.example|lee@example.net|maria@example.com|"
    "support@acme.example|j.doe@example.com|hr@northwind.example|sam.w@example.org|editor@daily.example",
    "url": "https://example.com/report|https://news.example.org/today|https://shop.example.net|"
    "https://api.example.com/v2/items|https://docs.example.org/guide|https://blog.example.com/post/42",
    "phone": "+1-202-555-0143|+44 20 7946 0018|555-0199|+49 30 901820|+1 415 555 0132|555-0107",
    "file": "report.pdf|notes.txt|sales.csv|data.json|photo.png|backup.zip|main.py|invoice_07.docx|config.yaml|slides.pptx",
    "image": "photo.png|holiday.jpg|portrait.jpeg|banner.png|sunset.jpg|IMG_2041.jpg|logo.png",
    "document": "report.pdf|notes.txt|minutes.docx|chapter1.md|essay.docx|whitepaper.pdf|readme.txt",
    "path": "/home/user/docs|/var/log/app.log|/tmp/export|/data/raw/2024.csv|/etc/nginx/nginx.conf|/srv/www/index.html",
    "username": "jdoe42|night_owl|sara.m|coder_x|lena99|the_gardener|mk_ultra7|bluefox|tomato_tim|q_zhang",
    "table": "users|orders|employees|products|customers|invoices|students|flights|payments|sessions|books",
    "column": "name|email|age|salary|price|created_at|status|city|quantity|department|score",
    "street": "221 Baker Street|12 Elm Avenue|45 Market Square|8 Harbour Road|1600 Pine Street|77 Station Lane|"
    "350 Fifth Avenue|19 Mill Lane",
    "zip": "94107|10001|60614|98101|30301|02139|73301|80202|33101|97205",
    "timezone": "UTC|EST|PST|CET|IST|JST|GMT|America/New_York|Europe/Berlin|Asia/Tokyo|Australia/Sydney",
    "sentence": "See you at the station at noon|The package has arrived|Where is the nearest pharmacy?|"
    "The meeting is moved to Friday|Good morning, everyone|I would like to order a coffee|Thank you for your help|"
    "The train is late again|Happy birthday to you|We won the match",
    "title": "Budget review|Team lunch|Dentist appointment|Project kickoff|Weekly sync|Yoga class|Parent meeting|"
    "Product demo|Board meeting|Book club",
    "task": "buy groceries|call the bank|water the plants|submit the report|pay the rent|book the flights|"
    "clean the garage|renew the passport|order printer ink|write the summary",
    "game": "chess|poker|Monopoly|Catan|blackjack|Scrabble|Go|checkers|bridge|Risk",
    "video_game": "Minecraft|Zelda|Fortnite|Tetris|Stardew Valley|Elden Ring|Overwatch|Super Mario Odyssey|FIFA 23",
    "console": "PlayStation 5|Xbox Series X|Nintendo Switch|PC",
    "gene": "BRCA1|TP53|CFTR|APOE|MYC|EGFR|HBB",
    "protein": "insulin|haemoglobin|collagen|keratin|myosin|actin",
    "cell": "red blood cell|neuron|muscle cell|white blood cell|skin cell|stem cell|liver cell",
    "function_text": "x^2|3x^2 + 2x|sin(x)|x^3 - 4x|2x + 1|e^x|x^2 - 5x + 6|cos(x)|4x^3",
    "dna": "ATGCGTAC|GGATCCTA|TTAGGCAT|CCGATAGC|AATTCCGG|GATTACA",
    "stage_of_life": "infant|child|teenager|adult|senior",
    "religion": "Buddhism|Christianity|Islam|Hinduism|Judaism|Sikhism|Taoism",
    "philosopher": "Plato|Immanuel Kant|Confucius|Simone de Beauvoir|Friedrich Nietzsche|Aristotle|Hannah Arendt",
    "building": "Empire State Building|Burj Khalifa|Sydney Opera House|Chrysler Building|The Shard|Taipei 101",
    "room": "living room|kitchen|bedroom|bathroom|office|garage|hallway|basement",
    "device": "thermostat|hall lamp|garage door|washing machine|speaker|ceiling fan|dishwasher|front door lock",
    "furniture": "sofa|dining table|bookshelf|wardrobe|armchair|desk|bed frame",
    "fabric": "cotton|linen|silk|wool|denim|polyester|velvet",
    "crop": "wheat|corn|rice|soybeans|barley|cotton|potatoes|sugarcane",
    "soil": "loam|clay|sandy|silt|peat",
    "exercise": "running|cycling|swimming|push-ups|rowing|yoga|walking|squats|jump rope",
    "programming": "Python|Java|Rust|JavaScript|Go|C++|Kotlin|TypeScript|Ruby|Swift",
    "repository": "web-shop|data-pipeline|mobile-app|docs-site|ml-models|billing-service",
    "branch": "main|develop|feature/login|release-2.1|hotfix/typo|staging",
    "variable": "userData|orderList|configMap|sessionToken|itemQueue|resultSet|inputBuffer|nodeTree|requestBody|"
    "eventStream|cacheStore|imageBuffer|parserState|taskRunner|socketChannel|rowIterator|jobContext|viewModel",
    "handler": "handleSubmit|onUserLogin|logFailure|updateCounter|refreshView|validateForm|notifyAdmin|parseReply|"
    "renderRow|retryLater|closeDialog|processOrder",
    "element_id": "submitButton|loginForm|userTable|searchBox|navMenu|errorBanner|priceLabel|chartArea|mainCanvas",
    "key": "theme|timeout|maxRetries|locale|apiKey|sortOrder|pageSize|userRole|cacheDir|logLevel",
    "css": "#main-nav|.card-title|#footer|.btn-primary|#sidebar|.price-tag",
    "word": "harmony|lantern|puzzle|river|galaxy|notebook|whisper|cactus|velvet|thunder|orbit|meadow|serendipity",
    "holiday": "Christmas|Easter|Diwali|Thanksgiving|New Year's Day|Halloween|Hanukkah|Labour Day",
    "zodiac": "Aries|Taurus|Gemini|Cancer|Leo|Virgo|Libra|Scorpio|Sagittarius|Capricorn|Aquarius|Pisces",
    "size": "small|medium|large|extra large",
    "payment": "credit card|cash|bank transfer|debit card|PayPal",
    "transport": "car|train|bus|bicycle|plane|ferry|tram",
    "insurance": "health|car|home|life|travel|dental",
    "degree": "bachelor's|master's|PhD",
    "ship": "Titanic|Santa Maria|HMS Victory|Mayflower|Bismarck|Queen Mary",
    "tv_show": "Breaking Bad|Friends|The Crown|Dark|Fleabag|Sherlock|Money Heist|Chernobyl",
    "channel": "news|general|random|design-team|announcements|support",
    "amenity": "swimming pool|gym|free Wi-Fi|parking|spa|pet-friendly rooms|breakfast|balcony",
    "camera": "Nikon D850|Canon EOS R5|Sony A7 IV|Fujifilm X-T5",
    "mineral": "quartz|feldspar|calcite|topaz|pyrite|gypsum|mica",
    "volcano": "Mount Etna|Vesuvius|Krakatoa|Mauna Loa|Mount St. Helens",
    "ocean": "Pacific|Atlantic|Indian|Arctic|Southern",
    "virus": "influenza|HIV|measles|rabies|SARS-CoV-2|Ebola",
    "vitamin": "vitamin C|vitamin D|vitamin B12|vitamin A|iron|calcium|magnesium|zinc",
}
POOLS: dict[str, tuple[str, ...]] = {name: tuple(text.split("|")) for name, text in _TEXTS.items()}
POOLS["person"] = tuple(f"{first} {_LAST[(7 * n + k) % len(_LAST)]}" for n, first in enumerate(_FIRST) for k in (0, 3))
POOLS["first_name"] = tuple(_FIRST)
POOLS["place"] = (*POOLS["city"], *POOLS["city_country"][:10], *POOLS["city_state"][:12])
