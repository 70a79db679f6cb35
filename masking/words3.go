package masking

// englishWords are English words that are no names, most of them nouns.
const englishWords = `
aboard abroad absence absolute abstract abuse academic accent accept accident accommodation accurate ace achieve acid acknowledge acquire acre across act acting
actor actress acute adapt adept adequate adjust admiral admire admission admit adopt adult advance advanced advantage adventure advert advertise advice advise
advisor advisory aerial affair affect afford afraid aft afternoon agile aid aide aim aircraft airline airlines aisle alarm albeit album alcohol alien alley
alliance allergy ally almond alone aloud alternate amateur amaze ambassador ambition ambulance amend amendment ample amuse anchor ancient anger angle angry
animal ankle anniversary annoy anonymous antique anxiety anxious apart apartment apologies apparatus apparel apparent apron aquarium arc arcade arch archive
archives arena argue argument arise armed armor army arrange array arrest arrival arrive arrow art artificial artist artists ash aside aspect asset assets
assist assistant associate associates association assume assure atom attack attend attic attorney attract auction audience audio aunt authority auto automatic
avenue average aviation awake award awards aware awful awkward axis bachelor bacon badge bag baggage bake baker bakery balcony ballet balloon ballot bamboo
banana band bandit bang banner baptist bare bargain barn barrel barrier base baseball basement basin basis basket basketball bass bat batch bath bathroom bats
battle beach beacon beam bean beans bears beast beat beautiful beauty beaver bed bedroom bee beef beer beetle beg belief believe bell belly belong beloved belt
bench bend beneath benefit benefits berry beside best bet better beverage bias bible bicycle bid bike bikes bill bind biology bird birds bishop bit bite bitter
black blade blame blank blanket blast blaze blend bless blessed blind blocks blonde blood bloody bloom blossom blow blue blues blunt boards boast boat boats
bodies bold bolt bomb bond bone bones bonus boost boot boots border boring born borrow botanical bother bottle bounce boundary bow bowl boxer boxes boxing boy
boys bracelet brain brake brand brands brass brave bread breakfast breath breed breeze brewery brick bridal brief bright brilliant broad broadcast broken bronze
brown brush bubble bucket buddy budget buffalo bug bugs builder builders bulk bull bulldog bulldogs bullet bulls bumper bunch bundle burger burn burst bus bush
butter butterfly button buyers buzz cab cabin cabinet cable cadet cafe cake calcium calculator calendar calf calm camel camera camp campaign campus canal
candidate candle candy cannon canoe canvas cap capable cape capitol captain capture caravan carbon cardinal cardinals career careful cargo caribbean carnival
carpet carriage carrot carry cart cartoon cash casino cast castle casual catalog catch category cathedral catholic cattle cause cave cavaliers ceiling celebrate
celebration celebrity cellar cement cemetery census ceramic cereal ceremony certain chain chains chairman challenge chamber champagne champion champions
championship chaos character charge charger chargers charm chart chase cheap cheat cheddar cheek cheese chemical chemist chemistry cherry chess chest chicken
chiefs childhood chili chill chip chips chocolate choice choir chop chord chorus christian chronic chronicle cider cigar cinema cinnamon circle circuit circus
cite citizen citizens civic civil clan clash classic classical classics clay clever cliff climate climb clinical clip clock clone cloth clothes clothing cloudy
club clubs clue coach coal coast coat cocktail coconut coffee coin cold collar collect college colonel colonial colony colors colour colt colts column comb
combat combine comedy comet comfort comic command commander commerce commercial commission commodity commons communist community companion compass compare
compete complaint complex compliance component compound comrade concept concert concord concrete condition conduct cone congress conquer conscious consent
conservative constant construct consult consultant consumer contain contemporary contest continental contrary contrast convention convert cook cookie cookies
cool cooper cop copper coral core corn corner corporate corps correspondent corridor cosmetic cosmic costume cottage cotton couch cough counsel counselor
counter county couple courage courier courtesy cousin cow cowboy cowboys coyote crab crack craft crane crash crazy cream creative creator creature creek crew
cricket crime criminal crisis crisp critic cross crowd crown cruel cruise crush cry crystal cube cuisine culture cup cupcake curious curriculum curry curse
curtain curve custard custody custom cute cycle cyclone dad daddy dairy damage dame dance dancer dancers danger dangerous dare dark darling dart dash dawn dead
deadline deadlock deaf deal dealer dealers dean dearly death debate debt debut decade decent deck declare decline deep deer defeat defence defend defender
defense delay delegate delicate delicious delight deluxe demand democracy democrat democratic democrats demon dense dental dentist deny depart deposit depot
depth deputy derby desert designer desire dessert detect detective deter detox devil devils devotion dial dialog diamond diamonds diary dice diesel digest dim
diner dining dinosaur dip diploma diplomat dirt dirty disaster disc disco discount discover discovery dish disk dismiss distance distant distinct diver divide
divine diving division divorce dock doctors documents dodge dodgers dogs doll dollar dolphin dolphins domain domestic dominion donate donor doors dose dot dough
downtown dozen dragon dragons drain drama draw drawer dream dreams dress drift drill drink drinks drivers drug drugs drum dry duck ducks duel dumb dump dusk
dust duty dwarf dye dynamic dynasty eager eagle eagles ear earn earring earthquake ease easter eat echo eclipse economic economics economy edge edition educate
effort egg eggs eight elder elderly electrical electricity electronic electronics elegant element elephant elevator elite elves embassy ember embrace emerald
emerge emotion emperor empire enable encounter endless enemy energy engage enormous enrol ensemble enterprise enterprises entertain entire entrance entrepreneur
envelope envoy epic episode equip equipment escape essay essence essential estate estates eternal ethic ethics evening evergreen evil evolve excellent excess
exchange excite exclusive excuse exercise exhaust exhibit exist exotic expand expense experiment explain exploit explore explorer explosive expo expose extreme
eye eyes fabric facility factor factory faculty faint fair fairy faith falcon falcons fame famous fancy fantasy fare farm farmer farmers fashion fat fatty fault
favorite favourite feast feather federal federation feed felt fence fern festival fetch fever fiber fiction fidelity field fierce fifth fig fight fighter figure
filter finder finger fir fire fires firm fish fisher fisherman fishing fist fit fitness flag flagship flame flames flash flat flavor fleet flesh flex flip flood
flora flour flower flowers flu fluid flute fly flyers foam focus fog fold folk folks font food foods fool foot football forbid forecast forest forge fork formal
formation formula fort fortress fortune forty forum fossil foster foundation founder fountain fowl fox fraction frame framework fraud freight freshman fridge
fries frog frontier frost frozen fruit fruits fuel fundamental funeral fungi funny furious furniture fury fusion gadget galaxy gallery gallon gamble gamer games
gang gap garage garbage garlic gas gather gay gazette gear gem gene genius genre gentle gentleman gentlemen genuine geography geometry ghost giant giants gift
gifts ginger giraffe girls glacier glad glamour glass glasses glide globe gloom glove glow glue goal goat god goddess golf goose gorgeous gospel gossip gourmet
govern gown grab grade grain grammar grammy grandma grandpa granite grape graph graphic graphics grass grateful grave gravity gray greedy greens grid grief
grill grip grizzlies grocery ground grove guard guardian guardians guess guild guilty guitar gulf gum gun guns gut gym gypsy habit hack hail hair halloween halo
hammer hamster handbag handbook handmade handy hanger happen harbor harm harness harvest hats hawk hawks hazard headline headquarters heal healthy heaps heat
heater heather heavens heel height heir helicopter hell helmet helper herb herbal herbs herd heritage hero heroes hide hike hill hint hip hire historic hobby
hockey hole holes hollow holly hollywood holy homeland homepage homes homework honest honey hood hook hop horizon horn hornets horror horse horses hose host
hosting hostel household housing hub hug huge hull hum humble humid humor hunger hungry hunt hunter hurricane hurry hurt hybrid hydro hymn ice icon idol igloo
illegal illness illusion imagine immense immigrant immune imperial imply impress improve inclusive independence independent indigo indoor induce industrial
industry infant infinite infinity inflation influence inform ingredient inhale injury ink innocent innovate inquiry insect inspect inspire instant instinct
institute instruct instrument intellect intelligence intend intense intent interact interim interior invent inventory invest investigate investor investors
invisible iron island isle ivory ivy jacket jaguar jaguars jail jam jar jazz jeans jelly jersey jet jets jewel jewelry jewels jockey joint joke joker journey
joy judge juice jumbo jump jungle jury justice karate karma kayak keen keeper kettle keyboard kick kid kids kill kilo kin kindle kings kiss kit kitten kiwi knee
kneel knife knight knights knock knot koala labor labour lace lad ladder ladies ladybug lake lakers lamb lamp lap laptop laser latin laugh laundry lava lavender
lawn lay lazy leaf league lean leap lease leather lecture legacy legend legends legion lemon lend lens leopard lesbian lettuce liar liberal liberty librarian
licence lid lie lift lightning lighting lily limb lime linen lingerie lion lions lip lips liquid liquor literary literature litter liver living lizard loaf
lobby lobster locate lodge loft logic logo lonely longhorn lookout lord lorry loser lotion lottery lotus loud lounge lovely lover lovers loyal luggage lumber
lunar lung lush luxury lyric machinery madness mafia magazine magic magnet magnolia maid mailbox maker makeup mall mammal mandarin mango manner manor mansion
manual maple marathon marble margin marina marine marines mariners maritime marker marketing marlin marriage married marsh martial marvel mask mass massive
masters mat mate math maths mattress mature mayor maze meadow meadows meal meals meat mechanic medal mega mellow melon memoir memorial memories menace mental
mercury mercy merchant mere mermaid merry mesh mess metal meteor meter metro metropolitan midnight mighty military milk mill millennium million mills mimic mine
miner mineral mini minimal mining mint miracle mirror missile mission mist mistake mister mix mixed mixture moderate modest modify moist mole monastery monk
monkey monopoly monster monsters moon moral morals moss motel moth motion motor motors mould mouse mouth movie movies mud mug mule multi mummy murder muscle
muse mushroom musical musician mustang mustard mutual mystery myth nail naked narrow nasty nation nations nature naval navy neat neck necklace needle neighbor
nerve nest net neutral newspaper nickel niece nightmare ninja noble nominee noodle northeast northwest nose notary notebook notion noun novel novice nuclear
nugget nuggets nut nutrition nylon oak oasis oath obey obtain obvious occasion occupy occur ocean octopus odd odds odyssey offense offering officers oil olympic
olympics omelet onion onions opal opera oppose optic optical optimism orange orbit orchard orchestra orchid orchids ordeal ordinary organ organic orient
oriental orioles orphan orthodox otter ounce outdoor outdoors outfit outlaw outlet outline outlook outstanding oval oven overnight owl oxygen oyster ozone
pacers pacific pack packers padres pain paint painter painting pair pajama palace palm panda panel panic panther panthers pants papal parade paradise paragraph
parcel parish parking parliament parrot partial passage passion passive pasta paste pastor pastry patent patrol patriot patriots pattern pause pavement payable
payday peace peach peak peanut pear pearl pebble pedal pelican pelicans pen penalty pencil penguin penguins peninsula penny pension pepper peppers perform
perfume peril permit pest pet petals pets petroleum petty pharmacy phenomenon philosophy phoenix photograph photographer photography phrase physical physics
piano pie pier pig pigeon piggy pilgrim pill pillow pilot pin pine pineapple pink pint pioneer pioneers pipe pirate pirates pistol pistons pit pitch pizza
placebo plague plaid planet plank plasma plaster plastic plate platform platinum playoff playground plaza pleasant pleasure pledge plenty plot plow plug plumber
plumbing plume plural pocket podcast poem poet poetry poison poker polar polite political politics poll pollution polo pond pony pool pop popcorn poppy popular
porch pork portable portal portion portrait pose positive possess postage postal poster pot potato potter pottery poultry pound powder powers prairie praise
prayer preach precious predict prefer prefix pregnant premier premiere premium presence preserve presidential pressure prestige pride priest primal prime
primitive princess printer priority prism prison prisoner prize profit progress prohibit promo promote prompt prone prophet prosper protect protein protest
proud proverb province provost prowler prudent psychology pub pudding pulse pump pumpkin punch punish pupil puppet puppies puppy pure purple purse pursuit
puzzle pyramid python quail qualify quantum quarry quartz queen queens quest quilt quinoa quiz quota rabbit raccoon race racer racers racing rack radar radical
radio radish raft rage raider raiders rail railroad rails railway rain rainbow raise rally ram ramp rams ranch rangers rank rapid raptor raptors rare rats raven
ravens razor reach react realm rear rebel rebels recall recipe recipes recover recruit rectangle recycle reds reduce reef reflect reform refuge refugee refuse
regal regime rehab reign relation relax relay relic relief religion remain remark remedy remind remnant renaissance renal renegade repair reptile republic
republican republicans rescue resemble reside resign resist resort restaurant restore retail retire retreat retro reveal revenue reverse revolt reward rhino
rhythm ribbon rice riddle ride rider riders ridge rifle rim ringer riot ripe rise rival river rivers roads roam roar roast robber robe robot robots robust
rocket rockets rockies rodent rogue roman romance romantic roof rookie rooster rope roses rotate royal royals royalty rubber rug rugby ruin rural rush rustic
rye sacred sacrifice sad saddle sail sailing sailor saints salad salary salmon salon saloon salt salute sand sandwich sandy sapphire satellite satin satisfy
sauce sausage savage savings savvy sax scale scallop scan scandal scarce scare scarf scatter scene scenic scholar schools schooner scientific scientist scissors
scooter scorpion scotch scout scouts scrap scratch screw script scroll scrub sculpture seafood seahawks seal seaside seats sector sedan seed seek segment seize
seldom semi seminar senate senators sense sensitive separate serene sergeant serial sermon serpent servant settle settlement sewer shade shadow shadows shaft
shame shampoo shark sharks shave shed sheep shelf shell shelter sheriff shield shine shiny ships shirt shirts shock shoe shoes shoot shopper shops shore
shortcut shot shoulder shout shovel shower shrimp shrine shuttle sick siege sight signal silence silent silk silly silver sing singer singles sink sip siren
sitcom skate skating ski skill skills skin skip skirt skull sky skyline slam slate slave sleepy slice slide slim slip slogan slope slot sloth smart smash smell
smile smoke smooth snack snake snap sneakers snow snowy soap soccer society sock socket sofa soft soil solar soldier soldiers sole solve somebody song songs
sonic soul sour soup southeast southwest soy spa spaghetti spaniel spare spark sparkle sparrow spatial spawn spear species specimen spectrum speech speedy spell
spending sphere spice spicy spider spike spin spine spiral spirit spirits split sponge sponsor spoon sports spot spray spread springs sprint spurs spy squad
square squash squirrel stability stable stadium stain stair stake stale stallion stamp stance standing star stars starter statue stealth steam steel steelers
steep steer stem steps stereo steward stick sticky sting stitch stocks stomach stones stool storm stormy stout stove strain strange stranger strap straw
strawberry stray streak streetcar strength stress stretch strike strings stroke studio studios stuff stunt sturdy submarine suburb subway succeed success sudden
suffer sugar suit suits sultan summit sunny suns sunrise sunset superb supreme surf surface surge surgeon surgery surplus surrender surround suspect sustain
swamp swan swap swarm sweater sweet swell swift swim swing sword symbol symphony symptom syrup taco tackle tactic tail tailor tale talent tales tank tape tart
taste tasty tattoo tavern taxi tea teal tear teddy teen teens teeth telegram telescope television tempest temple tempo tender tennis tent terminal terrace
terrain terrible terrific territory terror textbook textile theater theatre theme theology theory therapy thermal thick thief thin thirst thirteen thorn thrill
thrive throat throne throw thumb thunder tide tiger tigers tight tile timber timberwolves timeless timer tin tiny tire tissue titan titans titanium toad toast
tobacco toe toilet token tomato tomb tone tongue tool tools tooth topic torch tornado tortoise toss tour tourism tourist tournament tours tower towers toxic toy
toys tractor trader trading tradition trail trailer trails tram trap travels tray treasure treasury treat treaty tree trees trek trend tribal tribe tribune
tribute trick trilogy trim trio triple triumph trophy tropical truck trucks truly trumpet trunk truth tube tuition tulip tuna tune tunnel turbo turtle tutor
tutorial twelve twenty twice twilight twin twins twist tycoon typical ugly ultimate ultra umbrella unable uncle uncover undo uniform unique universal universe
unlock unread unveil urban urge usual utility vacation vaccine vacuum vague vain valley valve vanilla vanish vapor vault vegan vegetable vegetarian vehicle veil
vein velvet venture venue verb verdict verse vessel veteran veterans viable vibe vibrant victim victory vikings villa villain vine vintage vinyl violin viper
viral virgin virtual virtue virus vision visual vital vitamin vivid vocal void volcano volleyball vote voyage wage wagon waiter waitress wake walker walnut
wander warehouse warfare warrior warriors wash wasp waste watches waterfall wave waves wax wealth weapon wear weasel weaver wedding weed weigh weird wellness
whale wheat wheel whip whiskey whisky whisper whistle whites wholesale wicked widow width wild wildcats wildlife willow wing wings winners wipe wireless wisdom
wise wit witch wizard wizards wolf wolverine wolves woman women wonder wonderful wooden woods wool worm worship worth wound wrap wrestling wrist yacht yankees
yard yarn yeast yellow yoga yogurt youth zebra zen zodiac zombie zoo zoom
`

// moreCommonWords are words of many languages that are no names.
const moreCommonWords = `
honestly seriously anyway besides nevertheless nonetheless roughly sadly shortly
similarly specifically subsequently surprisingly thankfully typically ultimately obviously originally occasionally mostly mainly luckily lately largely
initially indeed importantly hopefully generally frequently fortunately eventually especially entirely effectively consequently clearly certainly carefully
basically apparently alternatively additionally actually accordingly absolutely colleagues colleague guys everybody friends buddies subscribers recruiter
recruiters hiring neighbors neighbours applicants candidates editors developers partners shareholders residents teachers classmates fans followers gamers
listeners viewers readers authors sell lose roll serve shake shut spend stand steal stir tap teach tie logout signup hotline helpdesk webinar newsletter roadmap
workflow workspace firmware hardware malware spyware middleware backend frontend fullstack devops hostname filename timestamp localhost proxy router firewall
gateway kernel daemon mutex buffer compiler debugger linker parser lexer runtime sandbox snapshot checksum payload endpoint webhook callback namespace ingress
replica shard cluster broker partition offset producer subscriber publisher scheduler cron pipeline artifact rollback rollout hotfix backlog standup
retrospective kanban scrum milestone relationship relationships ownership membership leadership partnership friendship scholarship citizenship internship
sponsorship warship spaceship steamship township dealership fellowship hardship terrier poodle labrador retriever collie dachshund schnauzer mastiff hound
installer uninstaller viewer browser scanner loader handler wrapper tracker blocker bearer negotiate abend abende abfahrt abgabe abholung abkommen ablauf
abnahme abrechnung absage abschluss abschnitt absender abstand abteil abteilung abzug adresse affe akte akten aktie aktien aktion aktuell allein alles allgemein
alltag amt anfang anfrage angabe angaben angebot angst anhang anlage anlass anleitung anlieferung anmeldung annahme anpassung anreise ansage anschluss ansicht
antrag antwort anwendung anzahl anzeige apfel apotheke april arbeit arbeiten arbeitgeber arbeitnehmer arbeitsplatz arbeitszeit archiv arme artikel ast aufgabe
aufgaben auflage aufnahme aufstellung auftrag aufwand auge augen ausbau ausbildung ausdruck ausfahrt ausfall ausgabe ausgang auskunft ausland auslieferung
ausnahme ausrede aussage ausschuss aussicht ausstellung auswahl auswertung autobahn autor bach baden bahn bahnhof balkon ball bart bau bauch bauer baum baumarkt
baustelle beamte bedarf bedeutung bedingung bedingungen bedienung befehl befund beginn begriff behandlung behorde beitrag beispiel bekannte belag beleg
beleuchtung bemerkung benutzung benzin beratung bereich bericht berichte beruf bescheid beschluss beschwerde besitz besitzer besprechung bestand bestatigung
besuch besucher betrag betreuung betrieb bett bewegung bewerbung bewertung beweis bezahlung beziehung bezirk bezug bibliothek biene bier bild bilder bildung
birne blatt blick blitz blume blumen blut boden bohne bote brauch braut briefe brille brot brucke bruder brust buch bucher buchhaltung buchstabe buchung buhne
bund bundesliga bundestag burg burgermeister buro busch chance chef dach damen datei daten datenschutz dauer decke deckel denkmal deutsch deutsche deutscher
deutschland dienst dienste ding dinge direktor dom donner dorf drache draht dreck druck drucker duft dunkel durchsage durchschnitt durst dusche ebene ecke ehe
ehre ei eier eigentum eile eimer einbau eindruck einfach einfahrt einfluss eingang einheit einige einkauf einkommen einladung einleitung einnahme einsatz
einsicht einstellung eintrag eintritt einwand einzelheiten eis eisen eltern elternabend ende energie engel enkel entdeckung ente entfernung entlassung
entscheidung entschuldigung entwicklung entwurf erde erbe erben erdbeere ereignis erfahrung erfolg ergebnis erhalt erhohung erinnerung erkaltung erklarung
erlaubnis erlebnis ermittlung ernte ersatz erste erster erwartung erzieher esel essen etage etwas europa ewig examen fach faden fahne fahrer fahrkarte fahrplan
fahrrad fahrt fahrzeug falle familie familien fang farbe farben fass faust feder feier feiertag feind feld fell fenster ferien fernseher fertig fest fett feuer
feuerwehr fieber figur film filme firmen fisch fische flasche fleisch fliege flug flughafen flur fluss folge formular forschung foto fotos frau frauen frech
freiheit fremde freude freunde frieden friedhof frist frosch frucht fruchte fruher fruhjahr fruhling fruhstuck fuchs fuhrer fuhrung funk fuss fus fusball gabel
gans garantie gardine gast gaste gebaude geben gebet gebiet gebirge gebot gebrauch gebuhr geburt geburtstag gedanke gedicht gefahr gefangnis gefuhl gegend
gegenstand gegner geheimnis gehirn geist geld gelegenheit gemeinde gemuse genau genosse gepack gerat gericht geruch geschaft geschafte geschenk geschenke
geschichte geschirr geschmack geschwister gesellschaft gesetz gesicht gesprach gestalt gesundheit getrank getranke getreide gewalt gewerbe gewicht gewinn
gewinner gewitter gewohnheit gier gipfel glas glaube gleis glocke gluck gluckwunsch gluckwunsche gold gott grad gras grenze grenzen griff grippe grose grund
gruppe gruppen gurtel gute guter gutes gymnasium haar haare hafen hagel hahn halle hals halt haltestelle handel handlung handtuch hase hass haupt hauptbahnhof
haus hauser haushalt hausmeister haustur haut heft heil heimat heirat heizung held helden hemd herbst herde herkunft herren herz herzen herzliche herzlichen
herzlicher heu hexe hilfe himmel hin hinweis hinweise hirsch hitze hochzeit hof hoffnung hohe hohle holz honig hugel huhn hund hunde husten hut idee ideen igel
imbiss ingenieur inhalt innen insekt insel inseln inventar inventur jacke jagd jahre jahres jahreszeit jahrhundert jugend junge jungen kafer kaffee kafig kalb
kalender kalte kamera kamin kamm kammer kampf kanal kandidat kanne kante kanzlei kapelle kapital kapitel kappe karte karten kartoffel kase kasse kassette katze
katzen kauf kaufe kaution keller kellner kenntnis kerl kerze kette kiefer kilometer kinder kindergarten kino kirche kirsche kissen kiste klage klang klasse
klassen klausur kleid kleidung kleine kleiner klima klingel klinik kloster knie knochen knopf knoten koch koffer kohl kohle kolleginnen kollegium komma komodie
konferenz kongress konsum kontakte kontrolle konzert kopf kopie korb korper kosten kraft krank krankenkasse krankheit kraut kreis kreuz kreuzung krieg krise
krone kuche kuchen kugel kuh kuhlschrank kultur kummer kundigung kunst kunstler kurs kurse kurve kuss kuste lachen lack laden lage lager lamm lampe land lander
landschaft landwirt lange larm laub lauf laune leben lebensmittel leder leer lehre lehrling leib leiche leid leinwand leistung leiter leitung leser letzte leute
licht lied lieder lieferant lieferung liga linie lippe liste liter lkw loch loffel lohn lokal losung lowe lucke luft luge lust macht madchen magen mahlzeit
mahnung maler mangel mann mannschaft mantel marchen marke markt marktplatz maschine masse masnahme masnahmen mauer maus medien medikament meinung meister
meldung menge mensch menschen messe messer metall methode miete milch minuten mitglied mitglieder mittag mitte mitteilung mittel mitternacht mobel modell monat
monate mond moped mord motorrad muhe muhle mull mund musik muskel mut mutze nachbarn nachbarschaft nachfrage nachmittag nachste nacht nachteil nadel nagel nahe
namen nase natur nebel neffe nerv netz netzwerk neue neuer neues neuigkeiten niederlage niveau norden notar notfall nuss nutzen nutzer nutzung oberflache objekt
obst ofen offen offnung offnungszeiten ohr ol onkel oper opfer opposition orden ordner ordnung ort orte osten ostern paar packchen paket panne papier park
parkplatz partei passagier pech personalabteilung personen pfad pfand pfarrer pfeffer pferd pferde pflanze pflanzen pflaume pflege pflicht pfund pilz plane
planung platte platze politik politiker polizei postfach prasident praxis preise presse prinzip probe produkt produktion programm projekt prospekt protokoll
prozent prozess prufung publikum pult punkt punkte puppe qualitat qualle quittung rabatt rad rahmen rand rasen rat rathaus ratsel raub rauch raum raume reaktion
recht rechte rede regel regeln regen regierung reich reifen reihe reis reise reisen rekord rente reparatur reservierung respekt rezept richtung ritter rock rohr
rolle rose rosen rucken ruckfahrt ruckgabe rucksicht ruf ruhe ruhm runde rundfunk russland saal sache sachen sack saft sage sahne saison salat salbe salz samen
sammlung satz sau schaden schaf schal schale scham schatten schatz scheck scheibe schein schema schere schicht schicksal schiff schild schinken schirm schlaf
schlag schlange schlitten schloss schluss schlussel schmerz schmetterling schmuck schnee schnitt schnupfen schock schon schone schones schrank schreck schrei
schrift schritt schuh schuhe schuld schule schulen schuler schuljahr schulfest schulter schussel schutz schwan schwein schweiz schwimmbad seele segel segen
sehnsucht seide seife seil seite seiten sekretariat sekt sekunde sekunden senat sendung serie sessel sicherheit sicht sieg sieger sinn sitz sitzung sohn soldat
sommerfest sonderangebot sonne sorge sorgen sorte sosse spas spaten spaziergang speise speisekarte spiegel spiel spiele spieler spielplatz spinne spitze
sportverein sprache sprachen sprechstunde sprung spur staat staaten stadt stadte stadion stall stamm standort statistik statt stau staub steg steig stelle
stellen steuer steuern stich stiefel stift stil stille stimme stimmung stirn stoff stolz storch strafe strahl strand strasen strauss strecke streik streit
strich strom strumpf studie studium stufe stuhl stunde stunden suche suden summe suppe tabelle tablette tafel tagen tage tagung takt tanz tasche tasse tat tater
tatsache taube tausend technik tee teich teil teile teilnahme teller temperatur teppich termine teuer texte thema themen tier tiere tierarzt tinte tipp tipps
tisch titel tod toilette topf tor torte tote trane traube traum traume treffen treppe treue trost tuch tugend tur turen turm turnier tute typ ubergang ubernahme
ubersicht uberstunden ubung ufer uhr uhrzeit umgebung umsatz umschlag umstand umwelt umzug unfall ungarn ungluck unterkunft unterlagen unternehmen unterricht
unterschied unterschrift unterstutzung untersuchung urkunde urlaub ursache urteil vase verabredung verantwortung verband verbindung verbot verbrechen verein
vereine verfahren verfugung vergangenheit vergleich verhalten verhaltnis verkauf verkehr verlag verlauf verletzung verlust vermogen vernunft versammlung versand
versicherung versicherungen versuch verteidigung verteiler vertrage vertrauen vertreter vertretung verwaltung verwandte verzeichnis verzogerung vogel volk
volkshochschule voll vollmacht vorbereitung vorfahrt vorgang vorhaben vorhang vorsicht vorsitz vorstand vorstellung vorteil vortrag waage wache wachs waffe
wagen wahl wahlen wahnsinn wahrheit wald wand wanderung ware waren warme warnung wasche wasser weg wege weihnachten weihnachtsfeier wein weise weite welle welt
weltkrieg werbung werk werkstatt wert werte wesen westen wette wetter wettbewerb widerspruch widerstand wiese wiedersehen wille willkommen wind winkel wirkung
wirt wirtschaft wissen wissenschaft witz woche wochen wochenende wohl wohnung wohnungen wolke wolle worte wort worter wunde wunder wunsch wunsche wurfel wurst
wurzel wuste wut zahl zahlen zahn zahne zahnarzt zange zauber zaun zehe zeichen zeichnung zeile zeit zeiten zeitschrift zeitung zelle zelt zentrale zentrum
zettel zeug zeugnis ziege ziel ziele ziffer zigarette zimmer zins zinsen zirkus zitrone zoll zucker zufall zug zuge zugang zukunft zunge zusage zusammen
zuschauer zustand zustimmung zutaten zuwachs zweck zweifel zweig zwiebel zwilling gemeinsam nutzern allerseits lieferanten interessenten hausbewohner eigentumer
anwohner burgerinnen schulerinnen kameraden vereinsmitglieder patienten studierende serviceteam kundenservice kundenbetreuung accueil achat achats acte affaire
affaires agence alors amour ancien annee annonce annuaire appartement appel arbre argent arret arrivee assemblee assurance atelier augmentation aujourdhui
automne avion avis bague bain balle banque bateau batiment bebe besoin bibliotheque billet blanc ble bœuf bois boisson boite bord bouche boucherie boulangerie
bout bouteille bras bruit bureau cadeau cadre cahier calendrier camion campagne canape canicule carte cas casse centre ceremonie chaise chaleur chambre champ
chanson chapeau chaque chateau chaud chemin chemise cheval cheveux chien chiffre choix chose ciel cle coeur colis collegues commande commencement communaute
commune compagnie comptable concours confiance conge conseil consommation contrat copie cote couleur coup cour courrier cours cout crise croix decision
declaration depannage depense depute dernier derniere desole dette devis devoir dieu directeur direction discours disque docteur dommage donnees douche doute
droit eau echange ecole economie ecran effet eglise elections eleves embouteillage emploi employeur enfance enfant enfants ennemi enquete enseignement entree
entreprise entretien enveloppe environnement epoque equipe erreur escalier espace espoir esprit essai etape etat etoile etudes euro europeen evenement exemple
exposition facon faim fait famille faute femme femmes fenetre ferme fete feu feuille fichier fille fils fin fleur fleurs fleuve foire fond foret forme
formulaire fromage froid frontiere fumee garcon gare gateau gaz gens glace gout gouvernement grace graine grande greve groupe guerre guichet habitants habitude
herbe heure heures histoire hiver homme hommes honneur hopital horaires huile immeuble impot impots incendie industrie informations infos inscription invitation
invites jambe jardin jeu jeune jeunes jeux joie joueur journee juge jupe lait langue larme lettre lettres liberte librairie lieu ligne lit livraison livre
livres loi loisirs longtemps loyer lumiere lune lunettes magasin maire mairie maison maitre maladie maman maniere marche mariage marque materiel matiere matin
mauvais medecin medicament membre membres memoire mer mesure metier meuble midi milieu ministere ministre mise monde monnaie montagne morceau mort mot moteur
moto mots mouvement moyen mur musee musique naissance neige nez noel nourriture nouvelle nouvelles nuit objet odeur oeil œuvre oiseau ombre orage ordinateur
ordre oreille outil ouverture paix palais panier pantalon papa paquet parc pardon parole partenaire parti partie passeport patron pays paysage peau peine
peinture pensee pere periode permis personnel personnes petit petite peuple peur pharmacie pied pierre piscine plage plaisir planete plante plat pluie plupart
poche poids poisson politique pomme pompiers pont porc porte poste poulet pouvoir pret prix probleme prochain prochaine produit produits professeur programme
projet promenade promotion propos protection qualite quartier rapport rayon realite recette recherche reclamation reduction refrigerateur regard regle reglement
remboursement remise rencontre rendez rentree repas reponse repos reseau resiliation responsable resultat retard retour reussite reve revue rez richesse risque
riviere roi rouge sable sac salade salaire salle samedi sang sante seance secours secretaire securite sejour semaine sens serveur siecle societe soir soiree
soleil sommeil sortie souci souvenir spectacle stade succes sucre sud sujet supermarche systeme tableau taille tarif technique tele temps terre tete toit
tourisme tournoi travail travaux trou urgence urgences usine utilisateur vacances vache valeur valise velo vent vente ventre verre veste vetement viande
victoire vide vie village ville vin virement visage visite vitesse vitre voiture voisin voix vol volonte vue yeux administration locataires coproprietaires
adherents abonnes abogados abril abrigo acceso aceite acera acta actividad acuerdo administracion aduana aeropuerto agencia agosto agua aire ajo albergue
alcalde alcaldia aldea alegria alimento alma almuerzo alquiler altura ambiente amigos amor anillo animales ano anos anuncio aparato apartado apartamento arbol
archivo armario arroz arte articulo asiento asociacion atencion aula aumento autobus avenida aviso ayuda ayuntamiento azucar balon banco bano bar barco barrio
basura batalla bebida beca biblioteca bicicleta boca boda boleto bolsa bolso bomberos bosque botella brazo broma busqueda caballo cabeza cabello caja cajero
calidad calor cama camara cambio camino camisa campana campo cancion cantidad caramelo carcel carga carino carnaval carne carnet carrera carretera carro cartera
casa caso castillo causa celular cena centro cerca cerveza cielo ciencia cierre cine ciudad ciudadanos clase clases clientes clima cobro coche cocina codigo
cola colegio color comedor comida comision compania compras comunidad concierto concurso condicion conductor conferencia congreso consejo consulta contenido
contrato convocatoria copa corazon costo credito cruz cuadro cuarto cuello cuento cuerpo cuidado cultura cumpleanos curso dano datos deber decada dedo defensa
demora dentista departamento deporte derecho desayuno descanso descuento desierto despacho destino deuda devolucion diario dibujo diente dinero dios direccion
diseno distancia documento documentos dolor domicilio duda dueno economia edad edificio educacion ejemplo ejercito eleccion elecciones embajada empleo empresa
enero enfermedad entrada entrega entrevista envio epoca equipo escalera escritor escuela espacio espejo esperanza esquina estacion estado estrella estudiantes
estudio estudios exito experiencia explicacion expediente fabrica falta fama familia familias farmacia febrero feria fiebre fiesta fila flor flores fondo forma
formacion frase frecuencia frente fresa frio frontera fruta fuego fuerza funcion funcionario futbol futuro gafas garaje garganta gasto gato gente gestion
gimnasio gobierno golpe grado grupo guerra guia gusto habitacion hambre helado hermanos herramienta hielo hierba historia hogar hoja hombre hombres hombro honor
hora horario horas horno huelga hueso huevo humo idioma iglesia imagen impuesto incendio industria informacion informe ingenieria ingreso inicio instituto
invierno invitados isla jabon jefatura juego juegos jueves jugador jugo juicio junio junta justicia juventud lado ladron lago lagrima lampara lana lapiz
lavadora leche lectura lengua letra ley libertad libre libreria libro libros licencia limon linea lista llamada llave llegada lluvia lugar luna luz madera
maleta manana mano mantenimiento manzana mapa maquina mar marca marea marido mascota matricula matrimonio mayo mayoria mediodia medio medios mejor memoria
mensaje mensajes mentira mercado mesa meta miedo miel miembro miercoles minuto mitad moda modelo momento moneda montana motivo movil mueble muerte mujer mujeres
multa mundo municipio muro museo musica nacion nadie naranja nariz nave navidad necesidad negocio nieve nieto nieta nivel nina nino ninos noche nota noticia
noticias novela nube nuevas nuevo nueva objeto obra ocasion oceano odio oferta oficina oido ojo ojos olor operacion oro ordenador oreja otono oveja paciencia
pago pagina pais paisaje pajaro palabra palacio palo panaderia pantalla papel paquete parada pared pareja parque parte partido pasado pasaje pasajeros pasaporte
paseo paso pastel patata patio pelea pelicula peligro pelota pena perdida periodico permiso perro persona personas pescado peso piedra piel pierna pieza pintura
piscina piso planta plastico plato playa plazo poblacion policia pollo polvo portero postre precio pregunta preguntas prensa prestamo presupuesto primavera
primera primero principio prisa prision problema producto productos profesores programa promesa propiedad propuesta proveedor provincia proximo proxima proyecto
prueba pueblo puente puerta puerto punto queja queso razon realidad recado receta recibo reclamo recuerdo reembolso refugio regalo registro regla regreso reina
relacion reloj renta reparto repuesto reserva residencia respuesta restaurante resultado resumen retraso revista rey riesgo rio ritmo robo rodilla ropa ruido
ruta sabado sal sala salario salida salsa salud sangre secretaria secreto sede segundo seguridad seguro sello semana semilla senal servicio servicios siglo
silencio silla sistema sitio sociedad sol soldado solicitud solucion sombra sombrero sonido sopa sorpresa subida suelo sueldo sueno suerte supermercado talla
taller tamano tardes tarea tarifa tarjeta taza teatro techo tecnologia tela tema temperatura temporada tesis texto tiempo tienda tierra tijeras tipo titulo
toalla tormenta torneo toro trabajo trabajadores trafico traje tramite transporte tren tribunal trigo trimestre triunfo turismo turno ultimo ultima universidad
uso usuarios uva vaca vacaciones vacuna valor vaso vecinos vehiculo vela velocidad venta ventana verano verdad verdura vestido vez viaje vida vidrio viento vino
visita vista vivienda voluntad voz vuelo vuelta zapato zapatos zona feliz prospero senores senoras senorias companeros damas caballeros respetable abertura
abraco acesso acidente acordo acucar advogados aeroporto agora ajuda aldeia algum almoco aluguel alunos amanha aposentadoria aprovacao arquivo arvore assembleia
assinatura associacao atencao atendimento aulas aviao bairro banheiro barulho batata beleza bilhete bolo bombeiros borracha braco brinquedo cabeca cabelo
cachorro cadeira caderno caixa caminho caminhao campeonato caneta cancao cansaco cartao casamento cavalo cerveja ceu chave chefe chegada cheiro chuva cidadao
cidade clinica cobranca coisa coisas colegas computador comunidade condominio conselho contas convite copo coracao cor corpo correio corrida cozinha crianca
criancas dado decisao defesa dente desconto desculpa desculpe despesa dinheiro direito diretor diretoria doenca domingo dor duvida educacao eleicao emprego
encomenda energia ensino erro escada escola escritorio espaco espelho esporte estacao estrada estrela exame exemplo faca favela fazenda feijao feira ferias
ferro festa fevereiro fim floresta fogo folha fome forca forno funcionarios futebol garagem garrafa gestao governo idade ideia igreja ilha imagem imposto
ingresso inverno jantar janela jardim jogador jogo jornal jovem justica ladrao lapis laranja leite lembranca leitura licao limao lingua linha livraria livro
livros lixo loja loteria lua madeira mala manha maos medicos medo meia melhor menino mensagem mercadoria milho ministerio moca moeda moradores morte movel
mudanca mulher mulheres museu natal natureza navio neve noite noites notas nova novo oculos oficio olho olhos onibus orcamento ordem orelha ouro ovo pacote
padaria pagamento palavra pao parabens parede partida pascoa passagem passaporte passeio passaro pauta paz peca pedra peixe pele pergunta perigo perna pes
pescoco pessoa pessoas plano ponte ponto populacao porta porto povo praca praia prato prazo predio prefeito prefeitura presente preco primeira primeiro processo
produto produtos professores projeto promocao proposta prova quadro qualidade quarto queijo questao quilo razao receita reclamacao reforma regiao regra rei
reitoria relatorio relogio remedio resposta reuniao roupa sangue sapato saude seca seculo segredo seguranca sentido servico servicos sociedade solucao sonho
sucesso sucos tarefa taxa telhado tenis terra teto tinta tio toalha trabalho transito trem turma universidade vacina vendas vento verao verdade viagem vidro
vila vinho vitoria vizinhos voo voto senhores senhoras galera pessoal responsaveis abito accesso accordo acqua aereo agenzia aggiornamento aiuto albergo albero
alimenti allarme allegato alloggio altezza alunni amici amore anello angolo anima animale anni anno annuncio appartamento aria armadio arrivo articolo ascensore
assemblea assicurazione attenzione attesa attivita auguri autista autunno avviso azienda bagaglio bagno bambina bambini bambino banca barca bellezza benzina
bevanda bicchiere bicicletta biglietto birra bisogno bocca bolletta borsa bosco bottiglia braccio brodo buongusto busta caffe calcio caldo calendario calore
camicia campagna campionato cancello candela cane canzone capelli capitano capo cappello cartella cartello cassa castello cavallo cerimonia chiamata chiave
chiesa chilo cibo citta cittadini classe clienti colazione colleghi collo collina colore colpa comune comunicazione concerto concorso condizioni condomini
conferma congresso consegna consiglio contanti conto contratto coperta coppa corriere corsa corso cravatta crema croce cucina cuore cura danno dati debito
decisione destra difesa dio direttore direzione diritto divano documenti dolce dolore domanda domande domani donna donne dottori dovere dubbio edicola
educazione effetto elenco elezioni entrata errore esame esempio esperienza esito eta evento fabbrica faccia famiglia famiglie farina fatto favore febbre ferie
fermata ferrovia fiera figura finestra fiore fiori fiume foglia foglio folla fontana forchetta formaggio forza fragola francobollo freddo frutta fumo funzione
fuoco gara garanzia gatto gelato genitori gestione ghiaccio giacca giardino ginocchio gioco gioia giornale giornata giovani giudizio giustizia goccia grano
gruppo guida idraulico immagine impianto impiegato importo imposta incidente indirizzo inferno infanzia informazioni ingegnere inizio invito isola istruzione
lampada latte lavoratori lavori lavatrice legge legno lenzuola lettera lettere letto lezione liberta libri locale luce luglio luogo macchina maestri magazzino
maggioranza maglia malattia mancanza mani mappa mare massa matita mattina medici medicina meglio mente mercato merce mese messaggio mestiere mezzo minestra
ministro mobili modo modulo mondo moneta montagna mostra motore nascita naso natale natura nebbia negozio nemico nipoti noia notizia notte novita nozze numeri
nuova nuvola occasione occhi occhiali occhio odore offerta officina olio ombra onda onore operaio opinione orario ore orecchio orologio orto ospedale ospite
ospiti osso pace pacco padrone paese palazzo palestra palla pane panino pantaloni parcheggio parco parete parola partenza partita partito pasqua passaggio
passaporto passo pasto patente paura pausa pavimento pazienza pazienti pelle penna pensiero pensione perdita pericolo permesso persone pesce pianta piatto piede
pietra pioggia polizia pomeriggio pomodoro popolo portafoglio posta posto potere pranzo premio prenotazione preside prestito prezzo primo prodotti prodotto
professori profumo progetto programma promessa pronto proprietari proprietario pubblico pugno quaderno qualita quartiere ragazza ragazze ragazzi ragazzo ragione
rapporto regione regola relazione religione rete ricerca ricetta ricordo rifiuti rimborso ringraziamento riscaldamento riso risposta ristorante risultato
ritardo riunione riva rivista roba rosso rumore ruota sabato sabbia sacco sapone sbaglio scala scarpa scarpe scatola scelta scena scheda schermo sciopero sconto
scontrino scrivania scuola scuse secolo secondo sedia segnale segretaria segreteria segreto semaforo senso servizi servizio sete settimana sguardo sicurezza
silenzio sindaco sinistra soci societa sogno soldato soldi soluzione sonno sorriso spalla spazio specchio spedizione speranza spese spesa spettacolo spiaggia
squadra stagione stampa stanza stazione stella storia strada studenti successo sugo suono supermercato sveglia tassa tavola tavolo tazza telefonata televisione
tenda tessera testa tetto titolo torta traffico trasloco trasporto treno ufficio universita uomini uomo uovo urgenza uscita utenti vacanza vacanze valigia valle
vasca vecchio veicolo vendita verita versamento vestito vetro viaggio vicini vigili vigna villaggio viso vita vittima voglia volo volta volto zaino zucchero
aanbieding aankomst aanvraag aarde aandacht afdeling afval antwoord arts avond bak bedrag bedrijf beheer beroep beslissing bestuur betaling beurs beurt bewoners
bezoek bibliotheek bloem bloemen boek boeken boer boodschap bos broek brood brug buren burgemeester buurt collegas dames heren directie deel deur doel dokter
dood doos dorp draad druk eerste eten feest fiets fles fout gasten gebied gebouw gebruik gedachte gedrag geest geluk gemeente geval gevoel gezin gezondheid
grens groep grond hart haven heer herinnering hond hoofd hoop huid huis huisarts huur ideeen inhoud jaren jeugd jongen kaart kaas kamer kans kantoor kat keer
kerk keuken kinderen klanten klas kleding kleur koffie koning kop kracht krant kust kwartier leden leerlingen leiding lente leven lezer lijst lucht maaltijd
maand maandag man mannen medewerkers melding melk mens mensen middag muziek natuur nieuws noord oefening ogen olie onderwijs onderzoek oorlog opdracht opleiding
oplossing ouders overheid paard pakket partij pauze plaats plek politie praktijk prijs probleem punt raad raam regering rekeningen rivier ruimte samenleving
schip schoen seizoen slaap sleutel sneeuw soort spel speler stad stap steun stoel straten stuk systeem taal taak tas tegenstander tekst tijd toegang toekomst
touw trein tuin uitnodiging uitslag uur vader vakantie veld verantwoording verenigin verhaal verkeer verkoop verleden verschil verzoek vis vlees vloer voedsel
voet voorbeeld voorraad vraagteken vrede vrijheid vrouwen vuur wandeling wedstrijd weer wereld werkdag wet wetenschap wijn woning woord zaak zaken zee zes zin
zomer zon zorg adres babcia bilet biuro blad bog brama brak budynek calosc chleb choroba chwila cialo cieplo cisza cukier czas czesc czlowiek dane decyzja
deszcz doswiadczenie drzewo drzwi dyrekcja dyrektor dzialanie dziecko dzieci dziekujemy fabryka gazeta glos glowa gmina godzina gosc gora gospodarka grupa
informacja informacje jedzenie jesien jezyk kawa klasa klucz kobieta kolezanki koledzy kolor komisja komputer koncert koniec konkurs kosciol kot kraj ksiazka
kuchnia kwiat lato lekcja liczba literatura ludzie lozko matematyka mezczyzna miasto miejsce miesiac mieszkanie mieszkancy minuta mleko morze muzyka nagroda
narod nauka nauczyciele niebo noc nowa nowy nowe obiad obraz ocena oczy odpowiedz ogien ogrod okno opinia osiedle pamiec panstwu paszport pieniadze pierwszy
pies pilka pismo plac poczatek pociag podroz pogoda pokoj policja polityka pomysl powietrze powod prace pracownicy prawda prawo prezent proba przedmiot
przedszkole przerwa przyklad ptak pytanie rada radosc reka restauracja rodzice rodzina rok rozmowa rozwoj ruch ryba rynek rzad rzecz rzeka samochod serce sklep
slonce slowo smak sobota spolka spoldzielnia sprawa sprzedaz stan stol strona studenci sukces szkola szpital sztuka smierc snieg sniadanie swiat swiatlo swieta
telewizja temat teatr towar tresc trawa uczniowie umowa uniwersytet uwaga wakacje warunki wieczor wies wiek wiosna woda wojna wniosek wolnosc wspomnienie
wspolnota wybory wynik wypadek wyniki zabawa zadanie zakup zamek zasada zdanie zdjecie zdrowie zebranie zegar ziemia zima zmiana znak zwiazek zwierze zycie
zyczenia klienci czlonkowie wesolych drodzy szanowni adresa byt cesta cil clovek deti dite divadlo dodavka doklad dum dopis duvod hlava hodina hodiny hospoda
hra hudba chyba informace jaro jazyk jidlo kancelar kniha konec krev kurz lide leto lekarna misto mesic mesto mzda nabidka nadrazi nemocnice objednavka obed
obchod oci odpoved otazka penize platba podminky pondeli pravo rano reklamace rodice rodina ruka schuzka sklad sleva slovo smlouva soud stav stat strana stranka
streda svet skola teplota ucet urad ulice vecer vec vlak voda valka vlakno vedeni zakaznik zakaznici zamestnanci zasilka zeme zprava zvire zivot vazeni mili
rodicove pratele obchodni obyvatele allihop allihopa avtal bestallning betalning bil bilaga bok bostad bror brod brev byggnad dagar dessa dokument dorr
eftermiddag elever erbjudande familj fel fisk flyg fraga fragor fru forening foretag forslag forsaljning foralder foraldrar gatan goda grupp hamn hjalp hotell
hus hyra hall halsa jul kaffe kollegor kontor kontrakt kort kunder kundtjanst kvall kyrka kok lag leverans liv ljus lakare larare lon lordag medlem medlemmar
mjolk morgon mandag manad namnet natt nyheter nasta pengar plats polis pris resa restaurang rum ratt samtal sjukhus skatt skog skolan skor sommar sprak spar
stor stort svar sondag tid tidning tjanst torg ungdomar uppdrag vatten vecka vinter vag vagen vanner varld agare arbete arbejde aften aftale alt arbejdsplads
barnet bedrift besked bestilling besog bolig bygning eksempel eleverne fejl flere forsog forældre foredrag fredag fugl gade godt hav hjem hjælp huset kirke
kolleger kollegaer kundeservice kob kokken korsel leje lejere levering læge lærer medarbejdere medlemmer mor nyt pakke penge regning rejse sag samtale skat
skole sommer sporgsmal sted stue sygehus tilbud tirsdag tog udgang uge ugen venner vand vej virksomhed værelse avtale bestillingen butikk eiere foreldre gave
hage helse helg hytte innbydere jobb kollega kollegene leilighet lærere motet nabo naboer oppdrag pakken radgiver sak sporsmal styret uke velforening vær
ansatte aika aamu asiakas asiakkaat elokuva hinta huomenta ihminen ilta joulu juna kahvi kaikki kaupunki kauppa kello kevat kesa kirja kirje koira koti koulu
kuukausi kysymys laiva lapsi lapset lasku lentokentta maa maanantai matka mies nainen oppilaat paiva paivaa pankki perhe posti puhelin raha ravintola sana
sopimus saa syksy talo talvi tilaus toimitus tyo viesti viikko vanhemmat vuosi yhteystiedot yhtio allas asztal baratok csomag ceg csoport delutan dolgozok elet
ev eset haz hiba hir hid ido igazgato iskola irat jegy jo kerdes kep kert kezbesites kollegak konyv korhaz koszonet lakas lakok megrendeles munka nap nev orszag
orvosi osztaly penz piac palyazat rendeles rendszer repulo szamla szerzodes szoba szulok tanulok terv ut ugyfel ugyfelek ugyfelunk vasarnap varos vasarlonk
vendeg vendegeink vizsga vonat viz vilag unnep holgyem holgyek uraim uram partnerunk afacere ani aplicatie apa apartament autobuz bani birou bloc caine cerere
colegi comanda companie copii copil curs cuvant educatie elevi fiu gradina guvern haina iarna informatii intrebare limba livrare loc lucru lume masina masa
mesaj minut munca munte noapte numar oameni oras parinti paine pat piata plata poarta pomana primar prieteni primarie proiect punct rau rata raspuns reuniune
scoala seara saptamana scrisoare serviciu sfarsit soare spital suma timp toamna tara vacanta vara viata vreme zi zile ziua doamnelor domnilor colaboratori
cijena dana dijete djeca deca drvo dvorana godina gradi hrana jezik kava kafa klijenti klijent knjiga kolege kolegice komsije kuca kupci kupac lice lijecnik
ljudi ljubav ljeto mjesec mjesto mesec novac novi obavijest obitelj odgovor oglas ponuda pitanje placa posao prijatelji racun roditelji rijeka rijec sastanak
sat selo slika soba stanari sunce sunca svijet tjedan tvrtka ugovor ucenici vijest vrijeme zahtjev zdravlje zemlja zgrada gospoda gradani abone aksam anlasma
anne araba arkadaslar aile alisveris baba bahar banka bas belge beyler bina borc bolum calisan calisma carsi cay cicek cocuk cocuklar deniz dernek ders destek
dil dosya dukkan dunya dugun ekip ekmek ekonomi etkinlik fiyat firsat garanti gece gelecek gemi gazete genel gol gonderi gorev gorusme gunler gunes gunu
guvenlik haber hafta hak hanimlar hastane hava hayat hediye hesabiniz hizmet isik iade ihtiyac ilac ilan ilce imza insan islem istek isyeri kadin kalem kampanya
kapi kar kargo kart kayit kentsel kitap kira kiraci konu konut koy kopek kredi kutlama kutu kurum kis ulke mahalle mahkeme mektup meslek milli mutfak mudurluk
musteriler musterimiz muzik nehir nokta oda okul olay ortak otel oyun ogle ogrenciler ogretmenler odeme pazar proje rapor renk resim saat sabah saglik satis
sayfa secim sefer sergi sevgi sigorta sinav sinif soguk sokak sonuc sorun spor sehir sirket sube takim tatil tebrik teklif temizlik toplanti trafik tuketici
ucak ucret urun uye uyelerimiz universite vali vatandas veli veliler velimiz vergi yagmur yaz yardim yatak yazi yemek yer yil yol yonetim yorum yuz personelimiz
ortagimiz misafir misafirlerimiz bạn bai bản bao ban banh bệnh biển bố buổi ca cac cảm cau cha chiều chin cho chủ chung chuyện cong của cửa dự dại dang dất dầu
day dến dề diện diểm doan dời dồng dường dược giao giờ hết hiện họ hoa học hom hội hợp khi khong lại lam len lien lớp lời luc luon mẹ minh mọi mong một mới mua
nay ngay nghề người nha nhan nhiều nhu những nước ở phải phong phố phiếu qua quận quy quan rất sach sinh số tại tau tất tết thanh thầy theo thế thể thi thời thứ
tiền tiếng tổng trong trường từ vao về việc vien với xa xe yeu kami kita anda ini itu ada tidak akan sudah belum bisa harus dapat perlu mohon tolong terlampir
pesanan pembayaran barang jalan rumah sekolah kota hari minggu bulan tahun pagi siang sore malam orang anak buku kerja uang hadirin sekalian rekan semua aapka
apka tera hamara kya kaise kyun kab kahan yeh woh aaj kal subah shaam raat din mahina paisa ghar kaam dost sab kuch bahut accha theek nahi haan aur lekin agar
toh phir abhi yahan wahan umeed asha suraj chand sitara phool pyar zindagi duniya khushi dukh roshni nadi samay desh prem kripa bhagwan ishwar служба команда
отдел администрация ваш ваша ваше ваши коллектив поддержка поддержки магазин компания фирма клиент клиенты клиента коллеги коллега друзья друг жители родители
сотрудники пользователь пользователи покупатель покупатели партнеры господа дамы всем вам вас нам нас мы вы он она они это этот эта как что где когда почему
если или так там тут здесь сегодня завтра вчера утро утром день вечер вечером ночь добрый доброе доброго договор заказ заказы счет счёт цена товар товары
доставка почта банк дом город страна мир труд война победа жизнь время год месяц неделя понедельник вторник среда четверг пятница суббота воскресенье январь
февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь встреча совещание проект отчет отчёт документ документы письмо сообщение номер телефон
адрес имя фамилия отчество дата возраст пол врач учитель директор больница школа университет институт суд полиция правительство президент министр закон право
работа человек люди женщина мужчина ребенок дети мать отец на не по от до из за для при про без над под об во со ко но да нет уже еще ещё очень можно нужно надо
прошу просим пожалуйста спасибо привет здравствуйте новый новая новое новости русский российский украинский москва москве москвы санкт петербург петербурге
россия россии украина украины украине киев киева київ львів харків одеса одесса казань казани новосибирск екатеринбург самара берлин берлине берлина париж
лондон европа америка германия франция китай минск беларусь болгария софия софии београд србија сибирь урал волга нева крым клієнти клієнт замовлення шановні
друзі колеги дякуємо вітаємо місто країна україна україні понеділок вівторок субота неділя добрий ранок вечір що як де коли ні ми ви він вона вони це цей
αγαπητοι πελατες πελατη κυριες κυριοι ολους ολοι ολες ομαδα υπηρεσια εταιρεια παραγγελια δεμα αθηνα θεσσαλονικη πατρα ελλαδα κρητη κυπρος ευρωπη γερμανια
δευτερα τριτη τεταρτη πεμπτη παρασκευη σαββατο κυριακη ιανουαριος μαιος ο η το οι τα του της των στο στη και με για απο σε ειναι δεν θα να που πως ποτε τι
συναδελφοι φιλοι γονεις μαθητες κυβερνηση δημος οδος πλατεια νοσοκομειο σχολειο πανεπιστημιο τραπεζα ημερομηνια διευθυνση τηλεφωνο αριθμος
`

// placeNames are countries, regions and cities, and words for who is from there.
const placeNames = `
afghanistan albania algeria andorra angola armenia azerbaijan bahamas bahrain barbados belarus belize benin bhutan bolivia bosnia botswana brunei bulgaria burma
burundi cambodia cameroon croatia cyprus czechia djibouti ecuador eritrea estonia eswatini ethiopia fiji gabon gambia ghana grenada guatemala guyana haiti
herzegovina honduras iceland iran iraq jamaica kazakhstan kosovo kuwait kyrgyzstan laos latvia lebanon lesotho liberia libya liechtenstein lithuania luxembourg
macedonia madagascar malawi maldives mauritania mauritius micronesia moldova mongolia montenegro morocco mozambique myanmar namibia nepal nicaragua niger
palestine papua paraguay qatar rwanda senegal serbia slovakia slovenia somalia sudan suriname syria taiwan tajikistan tanzania togo tonga tunisia turkmenistan
turkiye uganda uruguay uzbekistan vanuatu vatican venezuela yemen zambia zimbabwe eurasia scandinavia balkans caribbean mediterranean pacific atlantic arctic
antarctica himalaya alps pyrenees andes sahara siberia caucasus mesopotamia anatolia persia iberia afghan albanian algerian argentine argentinian armenian
austrian azerbaijani belgian bolivian bosnian bulgarian burmese cambodian chilean colombian croatian cuban cypriot czech ecuadorian estonian ethiopian filipino
georgian ghanaian guatemalan haitian hungarian icelandic indonesian iranian iraqi israeli jamaican kenyan kuwaiti latvian lebanese libyan lithuanian malaysian
maltese mongolian moroccan nepali nepalese pakistani palestinian peruvian romanian saudi serbian singaporean slovak slovenian somali syrian taiwanese tunisian
ugandan ukrainian uruguayan venezuelan yemeni zimbabwean catalan basque galician bavarian flemish walloon breton corsican sicilian neapolitan venetian tuscan
persian turkic slavic nordic baltic latino hispanic jewish muslim islamic hindu buddhist sikh protestant lutheran methodist amerika afrika asien europa
deutschland osterreich frankreich italien spanien polen tschechien ungarn griechenland turkei russland niederlande belgien danemark schweden norwegen finnland
irland schottland kroatien serbien rumanien bulgarien china indien brasilien mexiko kanada australien agypten marokko tunesien sudafrika deutschen franzosen
italiener allemagne angleterre espagne italie suisse belgique pays-bas pologne autriche grece turquie russie chine japon inde bresil mexique maroc algerie
tunisie egypte etats-unis royaume-uni ecosse irlande suede norvege finlande hongrie roumanie bretagne normandie provence alsace bourgogne aquitaine corse savoie
alemania francia inglaterra italia suiza belgica holanda polonia grecia turquia rusia marruecos argelia tunez egipto suecia noruega dinamarca finlandia hungria
rumania andalucia galicia asturias cantabria euskadi navarra aragon catalunya cataluna castilla extremadura mancha baleares canarias alemanha franca espanha
suica japao marrocos egito romenia brasil minas gerais parana ceara pernambuco amazonas bahia goias germania inghilterra spagna svizzera belgio olanda turchia
cina giappone marocco egitto svezia norvegia danimarca ungheria lombardia piemonte toscana sicilia sardegna umbria lazio campania puglia calabria liguria veneto
duitsland frankrijk engeland spanje zwitserland belgie oostenrijk griekenland turkije rusland brabant limburg gelderland friesland zeeland drenthe vlaanderen
niemcy francja anglia hiszpania wlochy polska czechy slowacja wegry rosja ukraina litwa lodz wroclaw poznan szczecin katowice lublin bialystok gdynia torun
czestochowa radom sopot zakopane mazowsze slask pomorze malopolska warszawa warszawie krakowie almanya fransa ingiltere italya ispanya yunanistan rusya cin
adana antalya bursa konya gaziantep kayseri samsun trabzon eskisehir mersin diyarbakir erzurum malatya bodrum alanya kadikoy besiktas uskudar aachen augsburg
bielefeld bochum bonn braunschweig bremen chemnitz darmstadt dortmund dresden duisburg erfurt erlangen freiburg giessen gottingen graz hagen halle hannover
heidelberg heilbronn innsbruck jena karlsruhe kassel kiel klagenfurt koblenz koln krefeld leipzig leverkusen linz lubeck ludwigshafen magdeburg mainz mannheim
monchengladbach munchen munster nurnberg oberhausen offenbach oldenburg osnabruck paderborn pforzheim potsdam regensburg rostock saarbrucken salzburg schwerin
solingen trier tubingen ulm wien wiesbaden wolfsburg wuppertal wurzburg zwickau bern luzern winterthur lausanne geneve genf hessen bayern sachsen thuringen
brandenburg niedersachsen westfalen rheinland pfalz saarland holstein schleswig schwaben franken allgau eifel ruhrgebiet amiens angers annecy avignon besancon
biarritz brest caen calais cannes clermont dijon dunkerque grenoble havre limoges lyon mans metz montpellier mulhouse nancy nimes orleans pau perpignan poitiers
reims rennes saint-etienne toulon tours troyes versailles albacete algeciras alicante almeria avila badajoz barcelona burgos caceres cadiz castellon elche
ferrol gijon girona huelva huesca ibiza jaen leganes lleida logrono lugo malaga mallorca marbella menorca mostoles orense ourense oviedo palencia pamplona
pontevedra salamanca santander segovia sevilla tarragona tenerife teruel vigo vitoria valladolid zamora ancona arezzo bergamo bolzano brescia cagliari caserta
cosenza cremona ferrara firenze foggia livorno lucca mantova messina modena monza napoli novara padova parma perugia pescara piacenza pisa prato ravenna rimini
roma salerno sassari siena taranto torino trento treviso trieste udine varese venezia verona vicenza milano arnhem breda delft deventer dordrecht eindhoven
enschede gouda groningen haarlem leiden maastricht nijmegen tilburg zwolle brugge gent leuven luik mechelen oostende namur liege bruxelles brussel aveiro braga
coimbra evora faro funchal guimaraes leiria lisboa porto setubal viseu belem belo horizonte campinas cuiaba florianopolis goiania joinville londrina manaus
niteroi pelotas santos sorocaba teresina uberlandia aberdeen bath belfast blackpool bolton bournemouth brighton bristol cambridge cardiff chester coventry derby
doncaster dundee exeter gloucester hull inverness ipswich leicester luton middlesbrough milton keynes newcastle northampton norwich nottingham oxford
peterborough plymouth portsmouth preston sheffield southampton stockport stoke sunderland swansea swindon wigan wolverhampton worcester cornwall devon dorset
essex kent norfolk suffolk surrey sussex yorkshire lancashire cheshire midlands ulster galway cork limerick waterford kilkenny albuquerque anaheim anchorage
annapolis baltimore baton bakersfield boise brooklyn buffalo burlington carolina charleston cheyenne cincinnati dayton dakota durham fresno greensboro
harrisburg hartford honolulu huntsville indiana indianapolis jacksonville knoxville lansing laredo vegas lincoln louisville lubbock malibu manhattan memphis
mesa miami milwaukee minneapolis nashville nevada newark oakland omaha orlando pasadena pensacola philadelphia pittsburgh plano providence queens raleigh reno
rochester sacramento salem savannah scottsdale shreveport spokane springfield stockton syracuse tacoma tallahassee tampa toledo topeka tucson tulsa wichita
wilmington bronx hollywood florida calgary edmonton halifax hamilton kitchener mississauga ottawa regina saskatoon winnipeg saskatchewan manitoba brunswick
scotia newfoundland yukon addis ababa algiers amman baghdad baku bamako beirut benghazi bujumbura cairo casablanca colombo dakar damascus dhaka djerba doha
dubai dhabi fes gaza giza harare ibadan islamabad jaipur jeddah jerusalem jinja kabul kaduna kampala kano karachi kathmandu khartoum kigali kinshasa lahore
lucknow luanda lusaka mecca medina mombasa monrovia muscat nagpur ouagadougou patna peshawar port-au-prince pretoria rabat riyadh sharjah soweto surat tehran
tripoli tunis windhoek yaounde haifa aviv durban bloemfontein bangkok chiang phuket pattaya jakarta bandung surabaya medan bali yogyakarta semarang kuala lumpur
penang johor cebu davao quezon phong hue nang vientiane phnom penh yangon taipei kaohsiung macau tianjin chongqing chengdu wuhan nanjing hangzhou suzhou xian
qingdao dalian shenyang harbin fukuoka hiroshima kobe osaka kyoto sendai nara okinawa hokkaido kyushu honshu shikoku incheon daegu daejeon gwangju ulsan jeju
gangnam athens thessaloniki patras heraklion belgrade zagreb ljubljana sarajevo skopje sofia plovdiv varna tirana pristina podgorica chisinau vilnius riga
tallinn kaunas tartu minsk odesa odessa kharkiv lviv dnipro kherson petersburg novosibirsk yekaterinburg kazan samara sochi vladivostok prague praha brno
ostrava plzen bratislava kosice debrecen szeged pecs cluj timisoara iasi brasov constanta oslo bergen trondheim stavanger copenhagen aarhus odense aalborg
stockholm goteborg gothenburg malmo uppsala helsinki tampere turku espoo oulu reykjavik havana kingston nassau managua tegucigalpa quito guayaquil cuenca
arequipa cusco trujillo asuncion cochabamba sucre rosario mendoza cordoba tucuman salta valparaiso antofagasta cali cartagena barranquilla bucaramanga maracaibo
merida veracruz oaxaca acapulco cancun toluca leon queretaro hermosillo chihuahua sonora sinaloa jalisco michoacan yucatan chiapas tabasco durango zacatecas
campeche hidalgo morelos tlaxcala nayarit colima compostela frontera tarifa
`
