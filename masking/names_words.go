package masking

// placeEndings end words that are streets and places, without accents.
const placeEndings = `
strasse straße strase platz gasse allee straat plein gracht gatan gata vagen gade utca kirche schule klinik krankenhaus universitat hausen shire burgh ville abad
`

// familyEndings end family names, without accents.
const familyEndings = `
ovic evic avic wicz icz czyk enko oglu sson dottir opoulos opoulou escu shvili zadeh nejad ewski owski ewska owska inski inska nski nska
skaya iewicz moglu yevich ovich evich
`

// familyAccents end family names, with their accents.
const familyAccents = `ová ić ović ević ński ńska ćski żski ška čić šić žić sdóttir dóttir oğlu ávez ández ényi`

// patronymics end the second given name, in Cyrillic letters.
const patronymics = `ович евич ьич овна евна ична ишна овича евича ьича овичу евичу ьичу овичем евичем ьичем овны евны ичны овне евне ичне овну евну ичну овной евной ичной івна івни івні івну йович`

// familyOther end family names in Cyrillic and in Greek letters.
const familyOther = `
енко ченко енка енку ский ского скому ским ская ской скую цкий цкого цкому цкая цкой ський ського ському ська ської цький цька чук чука чуку щук ов ова ову овым овой ев ева еву евым евой ин ина ину иным иной ян яна дзе швили ич оглу заде ски ска
οπουλοσ οπουλου ιδησ ιδη ιδου ακησ ακη ακου αδησ αδη αδου ελλησ ελλη ιωτησ ατοσ ατου εασ ιδισ
`

// goodWords are the first word of "good morning".
const goodWords = `
good guten buenos buenas bom boa dzień dobrý goede god gode buon buona dobro dobré laku jó добрый доброе добрий bună hyvää
`

// nameWords are the word "name".
const nameWords = `
name nom nombre nome naam adı imię ad meno jméno nimi nimeni namn navn numele meu ime имя ім'я
`

// things are words, often in lower case, that make a thing of the name before them.
const things = `
theorem theorems lemma equation equations inequality algorithm compiler interpreter syndrome disease sarcoma lymphoma reflex effect paradox conjecture hypothesis constant coefficient
distribution transform transformation matrix polynomial filter scale cipher protocol number numbers razor machine telescope reactor engine cycle curve diagram process
`

// namedThings are what may bear the name before it.
const namedThings = `
nomination nominations nominee nominees
award awards prize medal trophy cup scholarship fellowship lecture foundation institute museum gallery library stadium arena hospital clinic school college university airport station street road avenue boulevard square park bridge building hall tower dam canyon falls island islands county township district
necklace sauce soup salad cake pie tea sausage jeans boots shoes handbag perfume lipstick guitar piano violin sonata symphony
satz gleichung verteilung krankheit syndrom effekt konstante algorithmus formel skala preis stiftung straße schule klinik denkmal museum
`

// labels are words that make of the label "name" one of a thing.
const labels = `
product company host file event service app application project team school brand bucket table column class method function domain model server queue topic index repo repository image plan group package
database cluster channel process thread task job device network store shop vendor organization organisation business firm bank hotel city country street road building course book song album movie film
game pet dog cat ship vessel boat horse item sku variable field key module branch tag stack pipeline workflow template rule policy role region zone node pod container namespace package plugin theme font color colour
street trade display code common species drug medication generic chemical user login nick screen account dataset workspace folder directory path
produkt firma unternehmen datei projekt verein schule straße marke fabrik artikel
entreprise société fichier produit projet école marque rue ville
empresa archivo producto proyecto escuela marca calle ciudad
azienda società prodotto progetto scuola marca via città
bedrijf bestand product school merk straat stad
firmy produktu pliku projektu szkoły
`

// commonEndings end words that are no names, without accents.
const commonEndings = `
tion tions ment ments ness ings ing ity ities ship ships ology ologies able ible ious eous ical ized ised ization isation ism isms
fulness less ically ally ance ences ables ative atives izer ung ungen heit heiten keit keiten schaft schaften nummer stelle mente cion ciones dad
dades miento mientos ancia encia cao coes dade zione zioni mento menti issimo acja acje anie enie osc ego heid heden atie aties iteit
erij eurs euses trice iques
`

// leadPlaces are before the name of a street, a school or another place.
const leadPlaces = `
saint sainte saints szent svaty svata sveti sveta sfantul sfanta agios agia aziz straat steenweg singel kade dreef dreve gatan vagen vejen gade vej torget plass
plads tori katu utca korut strada strasse bulevardul calea piata piazza piazzale largo vicolo contrada corso lungomare autostrada borgo place quai passage
impasse boulevard cours esplanade faubourg pont porte quartier canton commune mairie prefecture arrondissement chemin sentier plaza glorieta paseo camino
carretera rambla alameda travesia callejon barrio colonia urbanizacion poligono parque playa puente puerto cerro monte isla villa villas rincon virgen ermita
parroquia basilica catedral iglesia capilla convento monasterio santuario ayuntamiento rua avenida travessa estrada rodovia bairro vila jardim praia ponte
igreja capela mosteiro fazenda condominio edificio morro serra ulica ulice ulicy aleje plac osiedle rondo dworzec park zamek kosciol klasztor namesti trida
nabrezi trg setaliste bulevar ulicata lycee ecole college gymnasium grundschule realschule gesamtschule hauptschule schule hochschule volkshochschule kita
kindergarten escola colegio instituto liceo liceu liceum szkola scuola istituto faculte facultad facolta universite universitat skole skola skolan gymnasiet
koulu iskola lise lisesi ilkokulu okulu universitesi hopital clinique klinikum krankenhaus spital hospital hospitalet ziekenhuis sykehus sjukhuset sairaala
szpital nemocnice korhaz spitalul bolnica hastanesi hastane policlinico ambulatorio ospedale stade stadio stadion estadio estadi arena palais palacio palazzo
palau pavillon pavilhao pabellon sporthalle theater theatre teatro teatr divadlo szinhaz tiyatrosu museu museo musee muzeum muzeul muzesi museet galerie galeria
galleria airport aeroport aeroporto aeropuerto flughafen lufthavn lotnisko letiste repuloter havalimani bahnhof hauptbahnhof gare estacion estacao stazione
estacio bruck bridge preis prix premio nagroda dij odulu prijs pris pokal medaille verdienstorden stiftung fundacion fundacao fondation fondazione stichting
fundacja nadace alapitvany vakfi stiftelsen uss hms mv rms hurricane typhoon cyclone orkan huracan ouragan uragano tempestad tormenta tempete maison metro bodegas casa sturmtief hurrikan
taifun operation operacion mission project projekt projet proyecto progetto улица улице улицы ул проспект просп площадь переулок шоссе бульвар набережная вулиця
вулиці вул площа провулок станция метро театр музей имени стадион завод οδος οδου πλατεια λεωφορος αγιος αγια αγιου
`

// organisations are after the name of a company, a team or another body.
const organisations = `
gmbh mbh aktiengesellschaft limitada ltda eirl sas sasu snc srls scarl cie cia inc incorporated limited corporation corp pvt pte sdn bhd jsc ooo oao zao doo zoo
kft zrt rt oyj aps asa spzoo sp sohne soehne partner partners partnern gebruder figli fils hijos filhos zonen synowie synove fiai associes asociados associados
associati consulting consultants advisors advisory tours travel reisen viajes voyages viagens viaggi logistics logistik transport transports spedition
immobilien immobilier inmobiliaria realty estate properties construction constructions bau bakery backerei boulangerie panaderia padaria panificio pizzeria
trattoria ristorante osteria restaurante taverna brasserie bistro pub cafe kaffeehaus konditorei salon boutique studio atelier autohaus motors garage apotheke
pharmacie farmacia farmacie apteka eczane optik versicherung versicherungen assurances seguros assicurazioni kanzlei notariat verlag editions ediciones edizioni
editora publishing publishers books records films pictures entertainment media network networks broadcasting radio energy power electric gas oil steel mining
foods beverages brewing brewery winery vineyards farms farm orchards dairy pharma pharmaceuticals biotech chemicals textiles fashion jewelers jewellers watches
cosmetics insurance capital ventures equity securities investments wealth finance financial mortgage bancorp savings team fc cf afc club verein athletic united
city rovers wanderers lions hornets panthers bulls knicks lakers giants jets bears eagles falcons saints cowboys raiders packers ravens dolphins vikings titans
rangers rockets spurs suns kings wizards nets celtics pistons cavaliers pacers hawks braves mets yankees cubs astros royals award awards prize trophy medal cup
scholarship fellowship memorial monument statue fountain tower dam tunnel bridge viaduct cemetery library centre center campus laboratory observatory institute
institut akademie academie academia accademia akademia college society gesellschaft societe sociedad societa association asociacion associacao associazione
verband union sindicato syndicat gewerkschaft partei party parti partido stadium gardens garden falls sound fjord fjords glacier reef lagoon cove bluff ridge
summit plateau desert peninsula archipelago
`

// morePhrases are two words, without their space, that are not a name together.
const morePhrases = `
pantadeusz panwolodyjowski panikleks donquijote donquixote dongiovanni donjuan donpasquale doncarlos madamebovary madamebutterfly monsieurpropre mrbean mrclean
mrpotato mrpeanut mrrobot mrmagoo mrpresident mrspeaker mrchairman mrdarcy mrsdalloway mrsdoubtfire mrcoffee drmartens droetker drpepper drwho drstrange drnick
drdre drscholls drhouse drno ladygaga ladymacbeth ladybird lordjim lordbyron lordvoldemort sirgalahad unclebens uncleben unclesam unclebuck auntjemima
auntbessie hellokitty hellofresh helloworld hellokubernetes grannysmith kingcharles kingkong kinglear kingarthur queenmary queenanne princealbert princeedward
captainamerica captainmorgan captainhook captaincook frauholle frauluna herrderringe kingstonupon romeojuliet tomyum tomjerry billgates stevejobs jackfrost
jackpot jillscott johndoe janedoe johnhancock joebloggs tomdickharry hochiminh tansonnhat haibatrung leduan nguyenhue charlesdegaulle leonardodavinci
johnfkennedy charlottehornets mercedessprinter mercedesvito mercedescitan teslaroadster lincolnnavigator bendjerry benjerrys johnniewalker jackdaniel carlsberg
carlsjr williamssonoma williamhill dukeellington victoriassecret abercrombiefitch hugoboss calvinklein karllagerfeld ralphlauren giorgioarmani michaelkors
stellamccartney stellaartois sanpellegrino donperignon domperignon veuveclicquot moetchandon sierranevada samadams charlesschwab edwardjones raymondjames
franckmuller jeanpaulgaultier yvessaintlaurent paulsmith maryka marykay sarahlee saralee bettycrocker duncanhines anniesorganic amyskitchen marieclaire elnino
laninanina lanina sanfrancisco losangeles lasvegas sandiego santafe santacruz newyork saopaulo rionegro costarica puertorico elsalvador srilanka christmasday
valentinesday mothersday fathersday mariadb mysql jamesweb jameswebb marsrover hubblespace voyagerone alanturing virginmary holymary hailmary bloodymary
saintmary peterrabbit peterparker clarkkent brucewayne tonystark johnwick harrypotter frodobaggins lukeskywalker darthvader annabelle martinshof martinstag
nikolaustag josefitag timhortons wendysburger oliverpeoples johnlewis harveynichols fredperry tedbaker jackwolfskin tommybahama eddiebauer billabong
helenarubinstein elizabetharden esteelauder bobbibrown charlottetilbury annsummers granturismo ferrarifour alfaromeo astonmartin landrover rubyrails rubygems
perlcritic adalovelace juliaset juliapackage jupyternotebook thankyou thankyous washingtonpost kennedyspace santamaria santacatarina madisonsquare hochi chiminh
petitprince casablanca lacasablanca professorlayton
`

// brandNames are names that are a place, a brand or a word more often.
const brandNames = `
paris sydney florence victoria austin dallas denver phoenix madison charlotte chelsea brooklyn savannah georgia carolina virginia india israel mercedes tesla
lincoln houston cleveland washington montana dakota sienna siena verona vienna venice london geneva lourdes florencia valencia cordoba santiago leon salvador
salem adelaide melbourne perth wellington milan troy cairo kenya asia africa america china holland france francia ireland britain britannia alexandria catalina
kingston lancaster lexington hamilton jersey raleigh macon bristol camden ciudad sevilla medina aurora augusta ford ferrari porsche bentley dodge lexus opel
seat skoda chevrolet cadillac bugatti peugeot renault citroen maserati lamborghini jaguar kia honda toyota suzuki yamaha nissan mazda mitsubishi hyundai siemens
bosch miele philips dyson braun nikon canon casio seiko rolex omega cartier tiffany chanel dior gucci prada hermes armani versace zara adidas puma nike ruby
python ada pascal perl kotlin cassandra kafka jenkins travis django maven gradle
`

// moreWeakNames are given names that are words in a language.
const moreWeakNames = `
addolorata adem adoracion alam alba alma amal amar amara amparo anis ansa apostolos arda ase asma aspen atta aura aya azucena azzurra bora brisa bue cade
cadence calin candelaria candida candido caridad custodia custodio della demi divina ebony ecrin eder elva emir ene era esmeralda fedele felice felicidad
felicitas feng fidel fiamma florin foca fortunata fosca funda funke gard generoso genesis germana goro gro gulden gunner hala hale hein hera hind homer honore
hua iman innocenza ion ira islam jihad junho jure just justa justo kader kali kana kanta lais lama lan leda levente licia lies lila lone lope loup luce lunga
macaria magne mais mana manar manas mandar mariola martirio massimo mats maxima maxime maximo mei messiah mina mira modesto morena moreno muge nader nana
narcisse nidal nil ninfa novella nuno octave oliva palesa palma paloma paras pastora patrice peng petri pina pinar ping pino pio placido presentacion primo
primrose promise prune puja purificacion rabia rade raid ramadan rani rare rein reine remo reva rex rima rola romana rubi rui rula rune rut safa saga sagrario
saki salam samba sana sapphire selvaggia sema sena servet severo shams silvestre smita socorro sola soma sona sora spela stanca sten sultan taha tai tais tala
talon tamer taro tien ties ting toma toon tope topi tore tosca toussaint tranquillo trina trinidad tripp tuba tucker tung tuva unto ursa vali valer vani veda
veer venera ventura vilde vit vivi wei wilder wolfram wulf yen yuan zaire zander zinnia royal royalty queen miracle heaven legacy meadow autumn winter summer
spring briar magnolia azalea dahlia palmer parker treasure precious gift blessing emmanuel psalm kingston knox nova navy ocean bear fox wolf lion tiger angel
star skye sky rain raven robin wren dove lark jay hawk finch swan moon sun sunny cloud river lake brook reed heath forrest cliff stone rock ridge dale glen vale
storm frost snow hope grace faith joy charity mercy patience prudence constance harmony melody destiny trinity glory honor justice liberty felicity serenity
chance vittoria clara aurore stella luna sol luz rosa rosario carmen dolores mercedes soledad consuelo esperanza angeles nieves paz asha suraj hoa mai chandni
kiran jyoti usha deepak lieve ambra gaia gemma perla viola celeste chiara serena allegra bella romeo juliet valentine benedict caesar venus apollo jupiter mars
hercules atlas lily daisy violet iris heather ivy olive hazel ginger rosemary basil jasmine jasmin lavender camellia poppy pansy holly fern clover myrtle
petunia begonia lotus orchid margherita margarita marguerite camelia hortensia amber ruby pearl jade crystal opal jewel gem coral diamond emerald april may june
august dawn eve noel natale christmas easter jordan dean ernst rose hunter grant mason carter cooper mark will bill frank rob jack pat art max chase drew moin
gentile cara kara вера любовь надежда слава роман лев майя света зоя рада мир злата ян богдана соня κυριακη αθηνα παρασκευη ελευθερια ειρηνη ζωη σοφια μυρτω per
ans dev else floor non edge lower special line case uri chan
`

// moreRoles goes on where roleWords ends.
const moreRoles = `
infermiera infermieri conduttore conduttrice locatrice venditore venditrice acquirente avvocata imprenditore ristoratore commercialista geometra preside bidello
badante portiere amministratore amministratrice responsabile capo titolare coniuge vezető ügyfél igazgató igazgatója titkár referens előadó ügyintéző gondnok
sofőr edző medewerker beheerder leidinggevende conciërge chauffeur oppas eigenaar eigenares klantnummer voogd kierowniczka dyrektorka sekretarka księgowa
księgowy opiekunka nauczycielką sołtys wójt sprzedająca kupujący kupująca wystawca doręczyciel pracownikiem vedoucí ředitel ředitelka účetní majitel majitelka
zákaznice pečovatelka trenér klientka chauffør rektor rektorn kassör ordförande ordfører kasserer formand leder daglig styreleder verge vårdnadshavare föräldern
kontaktperson kontaktpersoon ansvarig ansvarlig saksbehandler handläggare sagsbehandler tränare yönetici sekreter muhasebeci mühendis teknisyen eczacı kasiyer
güvenlik bakıcı veli velisi çırak sahibi hamili lehdar vekil tercüman bilirkişi kefil borçlu alacaklı administrador administradora contador contadora conductor
conductora repartidor repartidora cajero cajera camarero camarera cocinero cocinera portero portera fontanero electricista mecánico arquitecto ingeniero
fisioterapeuta psicóloga psicólogo dentista veterinario farmacéutico coordinador coordinadora responsable representante encargado encargada supervisor
supervisora investigador doctorando cónyuge hermanastro suegra suegro cuñado cuñada yerno nuera padrino madrina ahijado ahijada coordenador coordenadora
motorista porteiro zelador síndico síndica cozinheiro garçom pedreiro eletricista encanador engenheiro engenheira farmacêutica responsável encarregado cônjuge
padrinho madrinha afilhado afilhada sogra sogro cunhado cunhada genro nora titular gardien gardienne plombier électricien boulanger coiffeuse kinésithérapeute
psychologue pharmacien pharmacienne dentiste vétérinaire comptable secrétaire chef représentant mandataire conseiller conseillère éducatrice animateur parrain
marraine filleul filleule beau-père belle-mère gendre agent sergent hausmeister hausmeisterin fahrerin bäckermeister schreiner klempner elektriker sekretärin
buchhalter buchhalterin abteilungsleiter abteilungsleiterin teamleiter teamleiterin projektleiter projektleiterin vereinsvorsitzende kassenwart kassiererin
trainer trainerin steuerberater steuerberaterin sachverständige gutachter dolmetscher dolmetscherin pate patin patenonkel patentante schwiegermutter
schwiegervater schwiegersohn schwiegertochter vertreterin stellvertreter stellvertreterin leiterin mitbewohner mitbewohnerin kundin klient klientin mandant
mandantin antragsteller antragstellerin begünstigte begünstigter zeichnungsberechtigt kontobevollmächtigter studentin doktorand doktorandin werkstudent
werkstudentin dispatcher registrar bursar provost dean counselor counsellor coordinator caseworker superintendent foreman handyman janitor cleaner gardener
nurse lifeguard chaperone usher steward stewardess pilot copilot captain skipper medic paramedic firefighter architect bookkeeper accountant auditor treasurer
adjuster underwriter teller lender borrower cosigner obligor obligee payor assignor bailor bailee licensee licensor franchisee insurer garnishee ward
conservator infirmier infirmière apellidos apellido sobrenome sobrenomes cognomi achternaam voornaam voornamen nachnamen vornamen prénoms nombres prezime
příjmení priezvisko vezetéknév keresztnév efternavn fornavn
`

// selfWords are before the name of who speaks.
const selfWords = `
i'm heisse heiße chiamo llamo llama appelle nazywam jmenuji jmenuju volám adim ismim heter hedder numesc cheama nevem chamo zovem imenujem hívnak hießt heiss
heisst heet nimeni zowie
`

// moreCalls are verbs and nouns before a name.
const moreCalls = `
met meet meets seeing saw visit visited visiting thank thanked hired trained helped help helping welcome welcomed congratulate greet phone phoned ring texting
chat chatted talk talking speak spoke spoken speaking married marry divorce divorced sue sued arrest arrested loves love miss missed join joined joining
introduce introducing introduced follow following regarding concerning behalf named alias aka dubbed née born signed signature authored written edited presented
directed drawn composed photographed llamar llamé llamen llámalo llámame pregunta preguntar preguntarle avisa avisar contacta contactar conocí conocer visité
hablé hablar hablado reunión firmado firma escrito autorizado entregado entregar enviado recibido appeler appelé appelle rappeler rappelez contacter prévenir
voir rencontré demander demandez parlé parler signé écrit envoyé anrufen rufe anruf fragen sprechen gesprochen getroffen treffen kontaktiere melden gemeldet
unterschrieben gezeichnet gez besucht benachrichtigen heiratete namens chiamare chiamato chiamata chiama parlato parlare sentito incontrato firmato scritto
visto avvisare contattare ligar ligou falar falei falou conheci encontrei assinado chamar contatar bellen gebeld spreken gesproken ontmoet getekend vraag vragen
ondertekend zadzwonić dzwonił spotkałem spotkałam podpisał podpisano skontaktować zapytaj rozmawiałem rozmawiałam ringa ringde träffade träffat prata pratat
fråga ringte møtte snakket snakke spør spurte mødte talte talt volat zavolejte potkal potkala mluvil mluvila zeptej podepsán ara arayın aradım konuştum görüştüm
sordum sor buluştum imzalayan hazırlayan yazan звоните позвоните позвони спросите спроси встретил встретила говорил говорила обратитесь подпись автор
исполнитель ответственный получил выдан дзвоніть подзвоніть зателефонуйте запитайте підпис виконавець καλέστε κάλεσε ρώτησε συνάντησα υπογραφή hubungi telepon
temui bertemu gọi gặp liên hỏi
`

// moreClosings end a greeting, before a comma.
const moreClosings = `
cordiales cordiais cordiali distinti distintos cumprimentos hälsningar lot much again advance mucho muchas muchos todo tutto alles tanto tanti beaucoup vous toi
morning afternoon evening night day tag morgen abend nacht dia días tarde tardes noite noches noche giorno den dobry večer dag kveld aften ettermiddag zi ziua
napot estét reggelt jutro dan vece wieczór päivää huomenta iltaa kalimera
`

// scriptWords are before a name in Arabic, Hebrew, Devanagari and Korean letters.
const scriptWords = `
الاسم اسمي اسم المريض المريضة العميل العميلة الطالب الطالبة الموظف الموظفة المعلم المعلمة المدير المديرة المستأجر المؤجر المدعو المدعي المتهم الزبون المستلم
المرسل صديقي أخي أختي والدي زميلي زميلتي اتصل تواصل שם השם שמי לקוח לקוחה הלקוח הלקוחה מטופל מטופלת המטופל המטופלת עובד עובדת העובד תלמיד תלמידה הנתבע התובע
דייר שוכר מאת אל מנהל המנהל המורה נאם नाम मरीज रोगी ग्राहक छात्र छात्रा शिक्षक शिक्षिका वकील डॉक्टर कर्मचारी किरायेदार खाताधारक आवेदक प्राप्तकर्ता संपर्क प्रेषक
भाई बहन मित्र 성명 이름 성함 담당 담당자 고객 고객명 환자 환자명 수신 발신 작성자 신청인 신청자 예금주 대표 대표자 학생 교사 보호자 수령인 받는사람 보내는사람 피고 원고 세입자 임차인 임대인 저는 연락처
`

// scriptTitles are forms of address in those letters.
const scriptTitles = `
السيد السيدة الأستاذ الأستاذة الدكتور الدكتورة المهندس المهندسة الشيخ الآنسة الحاج الأخ الأخت مستر دكتور أستاذ מר מר גברת הגברת אדון הרב פרופסור פרופ श्री
श्रीमती सुश्री डॉ कुमारी पंडित स्वामी
`

// scriptGreetings are greetings in those letters.
const scriptGreetings = `
عزيزي عزيزتي مرحبا مرحباً أهلا أهلاً تحياتي حضرة سيادة شكرا שלום היי הי יקר יקרה בברכה תודה לכבוד प्रिय नमस्ते नमस्कार आदरणीय धन्यवाद प्रणाम 안녕하세요 친애하는 존경하는
`

// scriptAfter are forms of address after a name in those letters.
const scriptAfter = `
जी साहब साहिब मैडम सर महोदय महोदया 씨 님 과장 대리 부장 차장 사장 이사 팀장 교수 선생님 선생 박사 변호사 기자 사원 주임 실장 원장 의원 군 양 고객님 환자 학생 어머님 아버님 과장님 대리님 부장님 팀장님 사장님 교수님
`

// scriptCommon are words in those letters that are no names.
const scriptCommon = `
في من على إلى عن مع هذا هذه ذلك التي الذي كان كانت قد لم لن لا نعم هل ما ماذا متى أين كيف لماذا بعد قبل عند كل بعض غير بين حتى إذا ثم أو أن إن هو هي هم نحن أنت
أنا اليوم غدا أمس الآن الطلب الشركة المدينة العملاء الجميع الكرام المستخدم الكريم الزبائن السادة سيد يرجى رقم هاتف العنوان التاريخ مطلوب כל את של על עם זה זו
היא הוא אני אתה אנחנו הם לא כן יש אין גם רק אבל או כי אם מה מי איפה מתי איך למה היום מחר אתמול הזמנה חברה עיר לקוחות לכולם כולם לך לכם רב המשתמש נדרש מלא חובה
और है हैं था थी थे का की के को से में पर ने भी तो ही यह वह हम आप मैं तुम क्या कब कहाँ कैसे क्यों नहीं हाँ अब आज कल सब कुछ पता दर्ज दर्ज़ करें आवश्यक जरूरी आपका
आपकी आपके सभी लोग दोस्तों ग्राहकों उपयोगकर्ता मान्यवर لك لكم بكم بك جدا جزيلا شكرا
`
