package masking

// rareGivenNames goes on where moreGivenNames ends.
const rareGivenNames = `
bartholomew ferdinand humphrey leopold hildebrand cuthbert thaddeus cornelius barnaby percival algernon archibald ambrose augustine bertram egbert ethelbert
eustace fitzgerald godfrey gulliver horatio isidore jethro lancelot leander lysander marmaduke mortimer obadiah octavius osbert peregrine phineas septimus silas
stanislaus sylvester tarquin thelonious theobald theophilus tiberius titus torquil ulysses uriah zachariah zebedee zephaniah adeline adelina aileen alberta
aletha althea amabel amberly anabel antoinette arabella araminta ariadne arleta athena aubrey beatrix bernadine beryl bettye birdie blythe brenna bridie brigid
briony bronwen callie candace candida cassidy cherie cherise christabel cleo concetta coralie cordelia cosima cressida dagny darlene davina deanna delilah della
demelza desiree dinah dorcas drusilla dulcie earlene eartha easter edwina effie elfrida elspeth elvira emmeline ernestine esme estella etta eudora eulalia
euphemia evangeline evelina fenella fern flossie francine georgette germaine glynis goldie griselda guinevere gwyneth hattie hephzibah hermione hester hyacinth
ianthe idella imelda iona isadora isobel isolde jacinda jacinta janelle janette jerusha josette jovita justina katrina keziah leanne leda leonora lettice lilah
lilias lilith lottie lucasta ludmilla lynnette magdalen mahala malvina margery marguerite mariah marietta marigold mariel maude mavis melba melisande mercia
merilyn millicent minerva mirabel modesty morag myfanwy nell nellie nerissa noreen octavia odessa olympia oona oriana ottilie ottoline pandora parthenia perdita
persephone petronella petunia philippa philomena pippa portia primrose prudence queenie rhiannon rosalba rosalia rosamund rubina sabina salome saoirse seraphina
sibyl sidonie sinead sorcha tallulah tamsin tempest theodora thomasina thora valda venetia verity verona vesta vilma willa winona xanthe zenobia zinnia zora
aiden ainsley alden alton amos anson ansel arden arlo armand ashton august barrett baxter beau beckett benson bentley boyd braden brady brantley braxton brayden
brice brock brodie bronson brooks bryant bryson cade calder camden cannon carson case cassius chance chandler chester clay cohen colby cole colten colton conrad
cooper corbin cordell crosby cruz cullen dalton dane dante darian darius dashiell dawson dax deacon deshawn devin dexter dillon dion dorian drake drew duke
easton edison efrain eldon elian emerson emery emiliano enoch ephraim ezekiel ezra finley finnegan fletcher flynn forrest garrison grady graeme graysen grayson
griffin gunner hank harlan harley harper hayden hayes heath hendrix holden hollis hudson imani isaias israel jabari jace jadon jair jalen jameson jaquan jarred
jarrett jarvis javon jax jaxon jaxson jayce jayden jaylen jaylin jayson jedidiah jensen jeramiah jericho jerrod jett judah jude judson kaden kamden kane karter
kason kayden keaton keegan keenan kellan kendall kendrick kenton keshawn kian killian knox kobe kolby kole korbin kristopher kyler kylo kyson lamar landon
landry langston lawson layton leland lennox leonel levi maddox malachi malakai marcellus marquis maverick maximus mekhi messiah milo moises moses nash nasir
nehemiah nico niko nolan oakley odin omari orion otis paxton phoenix pierce porter princeton quinton raiden ramiro rashad reece reed reid remington rhett ronan
ronin royce ryder ryker rylan santana santino sawyer semaj shamar simeon skyler stephan sterling stetson sullivan talon tate terrell thatcher theo trace trent
trenton trevon trey tripp triston tucker turner tyree tyrell tyrese tyson uriel vance vaughn vihaan waylon westin weston wilder xander xzavier yadiel yahir zain
zander zane zavier zayden zayn zeke zion abril adalynn addison adelyn adelynn ainhoa aitana aiyana alaia alaina alana alani alanna alayah alayna aleah 
alexandria aliana alisha alisson alivia aliya aliyah aliza allyson amani amari amaya aminah amirah amiyah anabella anahi analia anaya andi angelina angie anika
aniya aniyah annabella annabelle annalise ansley anya aria ariah ariel ariella arielle ariya ariyah armani artemis aryana ashlyn ashlynn aspen aubree aubrie
aubriella aubrielle audrina autumn avah averi averie aviana ayana ayanna ayla ayleen azalea azariah bailee baylee bella blair brianna briar bridgette briella
brielle brinley brooklynn brylee brynlee brynn cadence caitlyn cali camryn capri carolina casandra cataleya cayla charlee charleigh charli charlize chaya
collins coraline dahlia daleyza daniella danna danika dayana delaney demi destinee destiny dulce eden eleanora elianna ellison elliana elora ember emely emerie
emersyn emilee emmalyn emmy emory ensley esmeralda estefania estrella evelynn everlee everleigh everly evie frankie genesis giana gianna giavanna giselle
gracelyn gracelynn gracie hadassah hadlee hadley haisley haley halle hallie harlee harleigh harlow harmony haven hayley haylee heaven henley irie isabela itzel
ivanna jada jaelynn jaliyah janessa janiyah jaycee jayda jayla jaylah jaylee jayleen jaylynn jazlyn jazmin jazmine jenesis jimena johana jolene jolie jordyn
joselyn josie journee julianna julissa june juniper kaelyn kaia kailani kailey kailyn kaitlynn kaiya kali kallie kalani kamille kamryn kara karsyn kassandra
kassidy katalina kaydence kaylani kaylee kayleigh kaylie kaylin keira kehlani keilani kelsey kenia kenna kennedi kenzie keyla khaleesi khloe kiana kiara kimber
kimora kinley kinslee kinsley kira kora kori kyla kylee kyleigh kylie kyra lacey lainey lana laney laylah leanna leia leighton leilani leilany leona lexi liana
liberty lila lilianna lillie lilly lilliana lilyana londyn lorelai lorelei louisa luella lyla lylah lyra maci macy madalyn madalynn maddison madelyn madelynn
madilyn madilynn madisyn mae magnolia maisie makayla makenna makenzie malani malaya malia maliyah maren margo marlee marleigh marley maya mckenna mckenzie
mckinley melany meilani melina mercy micah mikaela mikayla milana milani miley millie mina mira miracle mya myah myla mylah nala nataly naya nayeli nevaeh
noelle nola nova novalee nyla nylah oaklee oakleigh oaklyn oaklynn paislee paisley palmer paris parker paulina payton promise raegan raelyn raelynn raven rayna
rayne rebekah reese reign reina reyna rhea river romina rosalee rosalyn rosalynn ryann rylee ryleigh rylie sage saige samara saniyah sarahi sarai sariah sariyah
savanna saylor scarlet selah serenity shaniqua shanice latoya lakeisha keisha tanisha latasha shanelle shay shiloh sienna skyla skylar sloan sloane stevie sunny
sutton taliyah tatum teagan tenley thalia tiana tinley tori treasure vienna violeta waverly whitley whitney winter wren wrenley xiomara yamileth yareli yaretzi
zaniyah zariah zariyah zaylee zendaya zhavia zoey zoie alaric alwin annelie arnulf balthasar benedikt berndt berthold birte bodo borwin burghard corbinian
detlev diethelm dietlinde eckart eckehard emmerich engelbert erdmute ermelinde falko folkert frauke friedbert friedlinde fritzi gebhard gereon gerhild gerold
gertraud gesa gesine gisbert gislinde gotthilf gottlieb gundula hanno harro hartwig hauke heidrun helmar heribert hermine herta hildegund hilmar hinnerk hinrich
hubertus imke ingolf inka irmtraud iven jannis joerg justus kilian kord kreszenz kunibert lambert liselotte lorenz malte margarethe margret meinhard meinolf
nepomuk nikolaus notburga oda ortwin osmund otmar ottfried otti ottmar ottokar pirmin quirin raimund reimar reinhild rigobert rotraud rupprecht severin siegbert
siegmar siegrid sigismund sixtus sonke sunhild thekla theodor tilmann tjark traute ulla verena vinzenz waldtraut walburga wendelin wibke wido wieland wigbert
wilhelmine willibald wulf xaver zacharias aimeric albane albertine alienor aloise ambroise anatole anselme armande armelle arsene aymeric barnabe bathilde
berengere blandine boniface celeste celestin charline clarisse claudine clotilde coline colombe constant cyprien cyrille donatien edmee elie eliette elisee eloi
emeric emilien emilienne enguerrand eudes evariste evrard fantine faustine felicien felicite fernand firmin flavie flavien florine francette franck gaetane
gaspard gauthier gauvain geoffroy ghislain gilberte gislaine gontran guenaelle guilhem guillemette gwenael gwendal henriette hippolyte honore honorine isaure
isabeau jacinthe jacky jacotte jeanine jeannette jeannot jehanne jordane judicael jules julienne laure laureline laurette leandre leonce leontine leopoldine
liliane lilou line loris lou louane louison loup lucette mael maelys magali marceau marcelle marielle marinette marjolaine marthe martial martine mathis maurine
maximilien melaine melchior mickael moise muguette murielle narcisse noelie octave odilon olympe ombeline oriane paulin philibert philippine pierrette pierrick
prosper prune quitterie rachelle raoul reine rejane rodolphe rolande romane romaric romuald rosine roxane saturnin servane sigolene soline soizic suzette
sybille sylvaine sylvette sylviane tancrede tanguy theodule theophile therese thibaud tiphaine titouan toussaint ulysse urbain ursule valere vianney victoire
violaine virgile viviane xaviere yann yohan yolande youenn yseult yvon zelie zephyrin abelardo abundio adelaida adolfo adoracion agapito agripina agueda agustin
agustina aida aidee ainara aitor alba albina alcira aldo alejo alfonsa alfonso aloisia alondra amadeo amadora amancio amaranta anacleto anastasio andoni
angustias anibal aniceto anselmo antolin apolinar aquilino aracely arantxa arcadio arcelia argimiro aristides armida arnulfo artemio asier asuncion atanasio
atilano aureliano aurelio azucena baldomero baltasar bartolome basilio basilisa baudilio belarmino belisario beltran benedicto benigno benita bernabe bernardino
bibiana bienvenido blas bonifacio borja braulio brigida brisa camelia camilo candelaria candelario candido caridad carlota carmina casilda casimiro cayetana
cayetano ceferino celedonio celestina celestino celina cesareo cipriano ciriaco cirilo citlali clemencia clemente cleofas conchita conrado constancia
constantino cosme crescencio crisanto crisostomo crispin cuauhtemoc custodia custodio damaso delfina delfino demetrio desiderio dimas dionisia dionisio domitila
dorotea edelmira edelmiro edmundo eduvigis efren eladio eleazar eleuterio eligio eliseo eloisa eloy elpidio elva emelina emerita emeterio emigdio encarna
encarnacion engracia enriqueta epifanio erasmo ercilia ermelinda ernestina estanislao ester etelvina eudosia eufemia eufrasio eulalio eulogio eusebia eusebio
eustaquio eutimio evangelina evaristo evelia evelio ezequiel facundo faustina faustino feliciano felicidad felicitas felipa felisa fermin fidel fidelia filemon
filiberto filomena florencio florentino florinda fortunato froilan fructuoso fulgencio gaspar gaudencio gema genaro generoso genoveva german gertrudis gervasio
ginesa gines gladis godofredo goya gregoria gumersindo haydee heliodoro herlinda hermelinda hermenegildo herminia hernando higinio hilaria hilario hipolito
honoria honorio hortensia humberto idalia idoia ignacia ildefonso imanol indalecio inocencia inocencio iratxe irineo isabelino isaura isauro isidora isidoro
isidra ivonne izaskun jacinto jacobo javiera jenaro jeronimo jesusa joaquina jordi justa justino justo juvenal juventino ladislao lazaro leandra leobardo
leocadia leocadio leoncio leonila leonor leopolda leopoldo leovigildo liborio lisandro loida lope loreto lorenza lucila lucio lucrecia ludivina luzdivina
macaria macario magdaleno malena manolo marcelina marcelino marcial marciano maricela marisa marisela maritza martirio maxima maximiliano maximino melchor
melisa melquiades micaela miguela miren mirta misael modesto nahuel narcisa narciso natalio natividad nazario nelida nemesio nereida neus nicanor nicasio
nicolasa nilda norberto obdulia odalys ofelia olegario olimpia oliverio onofre oralia orencio orestes otilia palmira pancracio pascuala pastora paulino paz
perfecto petrona pio placida placido plutarco policarpo ponciano porfirio praxedes presentacion primitivo primo procopio prudencio purificacion quintin raimunda
ramira rebeca refugio regino remigio rigoberto rogelia romana romualdo roque rosalinda rosalva rosana rosaura rosendo rosenda rubi rufina rufino ruperta ruperto
sabas sabino sagrario salud salustiano salvadora sandalio saturnina saturnino sebastiana segismundo segundo serafin serafina severiano severo sigfrido silverio
silvestre silvina silvino sinforosa sixto socorro sol soraya tarsicio telesforo teodosio teofila teofilo tiburcio timoteo tomasa toribio tranquilino ulises
urbano urraca uxia uxue valeriano vanesa venancio ventura vicenta victoriano victorino vidal virgilio virtudes visitacion wenceslao wilfredo wilmer xochitl
yadira yahaira yamila yanet yanira yasmina yesenia yuridia zacarias zenaida zoila zoraida zulema zurine abele achille addolorata adelmo agostino alberico
alceste alfonsina alighiero alvise amerigo amleto andreina angiola aniello annarita annunziata antonello antonino apollonia arcangelo arduino aristide armanda
arrigo assunta attilio azzurra baldassarre bartolomeo battista benedetta benedetto beniamino bernardetta bettino bice bonaventura brando brunello brunilde
calogera calogero carmelina carmine carola cateno cesarina cesira clelia cleofe colomba concettina consolata corradina costantino crescenzo crispino cristiana
cristoforo daria diamante dino diomede dionigi domenica domitilla donata donatello doriana doriano ebe edda edmondo edvige efisio egidio egle elda elia elio
emidio enea enza ermanno ernesta ersilia esterina fabia fabrizia fausta fedele felice ferruccio filippa fiorenza fiorenzo flaminia flaviano floriana foca
fortunata fosca franchino furio gabriella gaetana gaspare gavino gelsomina genoveffa gerarda germana germano geronimo gerolamo gesualdo giacinta giacinto
giacoma giacomina giampaolo giampiero giancarla giancarlo gioacchino giobbe gioele giordana giordano giosue giovannina girolamo gisella giuditta giulietta
giuseppa giustina giusto goffredo graziana graziano gualtiero guendalina guglielmina iacopo ignazio igino ilario ilda innocenza ippolita ippolito isa isacco
isotta italo jacopo jolanda katia lamberto lazzaro lea learco lelio leone leonida leontina libero liberata licia lodovico lorella lucilla ludovico luigina
luisella mafalda manfredi manlio margherita mariangela mariarosa mariateresa marika marilena maruska marzio maurizia melchiorre mercurio michelangelo mimma
mimmo mirella monia morena moreno myriam nando natale natalina natalino nazzareno nella neri nerina nestore nevio nicodemo nicolina ninfa nives norina novella
nunzio oddo odoardo olindo oliva ombretta onofrio oreste orsola ortensia otello ottavio ottone palma palmiro paolina paride pasqua pasqualina patrizio
pellegrino perla pierangelo piergiorgio pierina pierpaolo pino pompeo prospero quintino quirino rachele raffaela raffaello raimondo raniero remo riccarda
rinaldo rino rolando romilda romolo rosella rosina rosita rossano ruggiero sabatino salvina samanta samuele sante santina santuzza savina savino sebastiano
secondo selvaggia serafino settimio silvestro simonetta siro tancredi tarcisio teresina tito tommasina tonia tonino torquato tosca tranquillo tristano tullia
ulderico ulisse uriele valdo vanda venanzio venera veniero vinicio virna vita vitale vittore vittorina vivaldo xenia ylenia zaira zelinda zeno anselm candela
aoife hamish gabe aaltje abel aleida aletta alida ans arend arjen babette barend bastiaan betsie boudewijn brechtje britt carolien casper charissa claartje coen
coenraad corrie corne davy debby dieuwertje ditte dorien douwe eefje eelco emiel engbert evert ferry fieke floortje fokke freek frits froukje gert gijsbert
godelieve greet greetje harmen harrie heleen hidde hiske jacco janny jarno jasmijn jelmer jente jeske joeri joke jolien joop josje jurriaan kaatje klaasje koert
krijn leendert lennard lennart lenny lianne lidewij lies lieven lodewijk loes maartje machteld madelief marga marij marijn marike mariska marleen marten martijn
mathijs maurits mechteld melle miep mirjam neeltje nel nelleke nynke pieternel quirine quirijn reinder rein remco renske rinus roeland roelof romy sacha
sebastiaan seppe siebe siem siert sietske sijbren sjaak stef stien stijn sybren teunis thijmen tijn tjeerd ton toon trijntje twan ties wessel wiebren wies
wilbert wil wilco willeke willemien wubbo wyanda ymke youri zeger aase agnete aksel alfhild alma alva amalie ane ann-kristin annelise arnfinn asbjorn asta astri
atle audun bard bente bertil birgitte birthe bjarke borge brage brita bue cecilie christer christoffer dagfinn dorte edvard eigil eilif eivind elling ellinor
elof else embla even flemming folke fredrik gard gjermund gorm grete gry gunn gunvor guro gyda hakon halfdan halvard hans-petter havard hedvig heine herborg
hildur hjordis idun ingar ingebjorg ingerid ingmar ingunn ingvald ingvild iver jannicke jeppe jette joakim jorn jorun josefine jostein kaare kaja kajsa kalle
kari karianne karl-johan karoline katarina katrine ketil kirsti kjersti kolbjorn kristine lene lill linn linnea lisbet lise lovisa ludvig mads magnhild maiken
maj-britt malene margareta margrethe mari mariann marte mattias merethe milla mogens nanna njal ola oline osvald ottar ove palle peder per pernilla preben ragna
ragnvald randi rannveig rebecka reidun rikke roald roar runar rut saga sigfrid signhild sivert sindre snorre solvi sondre sonja sten stine stina sture
sunniva susann svante sverre synne synnove tage thorbjorn thyra tiril tindra tom-erik tone torbjorn torfinn torild torkel torleif tormod torunn torvald trine
tuva tyra ulrik uno vegard vendela vibeke vigo vilde vilhelm vivi wenche yngvar ylva yrsa ase aamu aapo aarne aaro aatos aila aimo aino ainikki alli anelma anni
annikki annukka ansa anselmi antti anu armas arto arttu arvo aulikki auli auni eelis eemeli eemil eevi eija eino elli ensio esko essi eveliina hannele hannu
harri heimo heini heino helmi helvi henna hilja hilkka hilma iida iiris iiro ilari ilkka ilmari ilpo ilta impi inari inkeri irja irmeli isto jaakko jaana jani
janne jarkko jarmo jenni jere jorma jouko jouni julius jussi juuso jyri jyrki kaarlo kaija kalervo kalevi kauko keijo kerttu kimmo krista kristiina kyllikki
kyosti lahja lauri leea leena leevi lempi lenni lyyli maarit maija maire mainio maisa marja marjatta marjo marjut markku martti mauno mauri merja mervi miia
miika minttu mirja mirjami mirkka niilo niina oili oiva okko olavi olli onerva onni orvokki osmo ossi otso outi paavo paivi pentti perttu pertti petteri pihla
piia pinja pirkko pirjetta raakel raija raili raimo rauha rauni reijo reima reino riina ritva roope saana saara saima saku salla sampo sampsa samuli sanelma
santeri santtu saija seija sini sinikka sirkka sirpa sohvi soile soili sointu suvi sylvi taavi taina taimi taisto tapani taru tatu teemu teija tellervo teppo
terhi terho tero terttu toini toivo tommi topi tuija tuomo tuovi tuulikki tyyne unto urho urpo uuno valto varpu veera veijo veikko venla vesa viljami viljo
voitto vuokko vaino yrjo aki agoston akos aliz almos ambrus anett antal aranka arpad aron auguszta balint barnabas bence bendeguz benedek bernadett bertalan
boglarka boldizsar borbala botond csanad csenge csongor dalma denes dezso dorina dorottya edina elemer elek emese emoke erno etelka fanni fruzsina gellert gergo
gitta gizella gyorgy gyozo hajnal hajnalka hanga hunor ipoly iren izabella jakab janka jeno jolan juliska karola karoly kata kolos kornel kornelia kristof
kriszta krisztian lajos lehel lilla lorant lujza mate nandor nikolett nimrod odon oszkar rezso roza rozalia sarolta soma szabina szandra szilard szilveszter
szonja timea tihamer tivadar ubul valer vencel vendel veronika virag zalan zsanett zsombor zsuzsa zsuzsi aloisie alzbeta andela antonie apolena arnost barbora
bara blahoslav blazena bohumil bohumila bohumir bohuslav bohuslava boleslav borivoj bretislav brigita bronislav ctibor ctirad dalibor danuse dita drahomir
drahomira drahoslav drahoslava edita ela eliska evzen frantisek frantiska hedvika hermina honza hynek ignac iva iveta ivona jachym jarmil jaroslava jindra
jindriska jolana josef klement kristyna krystof kveta kvetoslava kvetuse ladislava leos liboslav lubomira lubor lubos ludek ludvik lumir matous milada miloslav
miloslava miluse mirka mojmir oldriska otakar otilie otokar patricie patrik pavlina pravoslav premysl prokop radim radko radomir radoslav rostislav ruzena sarka
servac silvie sona stanislava stela stepanka svatava svatopluk svatoslav sylva tadeas vaclava valentyna vavrinec vendula vilem vit vitezslav vladan vladena
vladimira vlasta vlastimil vlastislav vratislav xenie zbynek zbysek zdena zdislava zikmund zofie andrej anzhela aljaz alenka andraz anze barbka bostjan branimir
branka bojana bor bostjana cveto damjan darinka darja davorin davor drago dragica dragomir dragoslav dubravka dusica dzenan edin emina emir franja gaj grega
gregor hrvoje iztok ivica janez jasmina jasna jelka jernej jure jurij klemen kresimir kristijan ksenija lazar ljubisa ljubomir ljubo luka lucija lidija marijan
marijana marinko marjan mateja matija milivoj milka miljana milorad mirjana mitja mojca momcilo natasa neda nedeljko neja nemanja nenad nevena nevenka nika
nikolina ognjen olivera ozren pavle pero primoz rade rado radojka ranko rastko robi rok ruza ruzica sanjin senad simo slavko slobodanka smiljana snezana spela
srdjan srdan sreten stanko stevan stipe stjepan svetislav svetozar tatjana tea teja tihana tihomir tijana tjasa tomaz tvrtko ursa urska uros vanja vedran
vedrana velimir veljko vid vida vido vinko visnja vjekoslav vladimirka vlatka vlatko vojin vojislav vukasin zana zarko zdravka zdravko zeljka ziga zivko zlatan
zlatica zorana zrinka zvezdan zvonimir zvonko ana-maria ancuta andra andrada anghel anisoara antonela aurelian aurica axinia brandusa calin catinca cezar codrin
codruta constanta cornel cosmina costin cristi daciana dacian dinu doinita dorel dorin dumitra ecaterina emanoil emilian ene eusebiu fanel flaviu florea florica
florina gavril gelu georgiana gheorghita ghita gica grigore gratiela horatiu iancu ilie ionica iosif iuliana iuliu iustin iustina leontin lucica madalin
maricica maria-ioana maricel marinela marioara mariuca matei maxim mihail mihnea mioara miruna narcis neculai nelu nicu nicusor niculae niculina octav panait
paraschiva petre petrica petronela petruta pompiliu rares remus romulus sabin sanda sandu serban sergiu sevastita sidonia silviu simion sinziana smaranda
speranta stanca steliana tanase toader tudora tudorel valeriu vasilica vintila vladut voichita zaharia zamfir zamfira abdulkadir afra akif aliye alp alparslan
alperen altan aras arif arzu asim asliye atilla atiye ayberk aybars aybuke aycan aydan aygul aysen aysenur ayten aytac azra bahadir baki balca baran barkin
bayram bedia bedirhan begum behcet behiye belma bengisu beray berfin berkan berkcan berke berrak berrin binnaz birol birsen bugra burhan cafer caglar cagri
cahit caner cansel celil cemile cemre ceren cigdem cihangir dagistan davut defne demet devrim didem dilan dilay dogukan dogus duru ebubekir ecem ecrin efe ekin
ekrem elcin elifnaz elvan emirhan emrullah enver erdal erdinc ergin erkin erkut ersan ertan ertugrul esat eslem esma evren eylul eyup ezgi fadil fahri fatmanur
fehmi ferdi feride feridun feyzullah fidan figen firat fuat galip gokalp gokay gokce gokcen goksel gokturk gozde gulbahar gulben gulcin guldane gulderen gulfem
gulhan gulizar gulnaz gulnur gulseren gulsum gultekin guluzar gunay gurol guzide hacer hacire halime halit hamit hasibe hasip hava havva hayriye hazal hikmet
husnu husniye ihsan ilayda ilhami irmak ishak iskender itir izzet jale kader kaya kayra kazim kezban kivanc korhan kubilay kudret lale latife leman leyla lutfi
lutfiye mahir mazhar medine mehmetcan melahat melih meliha memduh meral meryem metehan miray mirac muammer muazzez mucahit muge muhittin muhterem mujdat
mukaddes mumtaz munevver mujgan nadir nadire nail nazife nazmiye necdet nedim nefise nejat nesibe nevzat nihan nimet nisa nuh nur nuran nurdan nurettin nurhan
nuriye nurhayat nurullah nursah nursen okay olcay onat orcun osman oyku oznur pakize perihan pervin rahime rahmi rasim rasit refik remziye ridvan ruhi rustem
ruya sabahattin sabriye saim sakine saliha samet saniye sarp seckin sedef sefer selami selcan selvi sema semih semiha sena senay sengul senol seren serhan
serife sermin sertac sevcan sevilay sevtap seyhan seyit sezai sezgin sidika sila sirin soner sude suheyla sukran sule suna suphi tahsin talat talha tanju tarkan
taskin tayfun tayfur tayyip temel tevfik tolgahan toprak tufan tugay tugrul tuncer tunahan turan turker tulin ulku ulas ulvi umran ural utku ulker vahap vahit
vedat vehbi veli veysel yagiz yaren yarkin yener yeter yonca yuksel yurdagul zahide zekai zekiye zeynel zubeyde zuhal zuhtu zulal zumra aadhya aanya aarush
aaryan aashi abhijeet abhilash abhimanyu achyut adarsh adhira advait advik agastya aishani aishwarya akanksha akhila akriti akshara akshat akshita alka amala
amarjeet amartya ameya amey amisha amogh amrit amruta anagha anamika anant angad aniket anindita aniruddh anisha anish anjana anju anmol annapurna anoop anshu
anshul anshuman anupama anuja anurag anushka anvi apoorva archit arindam armaan arnab arnav arpan arpit arpita arundhati arushi aryan asmita astha atharv
atharva avantika ayaan ayushi ayushman azad baban babita bajrang balbir baldev balraj balram balwinder banani barkha bhagya bhagyashree bhairav bhanu bharat
bharati bhavin bhavya bhim bhoomi bhupen bhupinder bhushan bikash bimal bina bipin birendra brijesh chaitanya chaitra chanchal chandana chandni chandrakant
chandrashekhar charan charulata chetana chhaya chinmay chitra daksh damini darpan darshan darshana darshil daya dayanand debashish debjani debolina deepali
devang devansh devanshi devi devyani dhairya dhanashree dhanush dhanya dharmendra dhruvi dhwani digvijay diksha dilpreet dipak dipali dipankar dipesh dipika
dipti divyanshu diya durgesh dwarkanath eesha ekta esha eshaan falguni gaurang gautam gautami gayatri geetanjali geetika girija gobind gulab gunjan gurbachan
gurdeep gurmeet gurudas gurvinder hamsa hansa hansraj hareesh hari harini hariharan harinder harjeet harmanpreet harshad harshal harshit harshita harshvardhan
hasmukh hemang hemlata heena hetal himani hiral hiren hitesh hrithik ila indrajit indrani indu inder ipsita ira ishan ishani ishika jagat jagjit jagruti jahnavi
jai jaideep jaidev janaki janardan janhavi jaswant jasvinder jayanta jayashree jeet jeetendra jigna jitesh juhi kajal kajri kalyan kalyani kamalesh kamla
kanishka kanta kapil karanveer karishma karthika kashish kashvi kaushal kavitha kedar keerthana keshav ketaki keya khushboo khushi kinjal kirti kishan krish
kriti kritika krutika kshitij kuldeep kumud kundan kunj kusum kuldip lajja lakhan lakshay lakshman latika laxman laxmi lekha lokesh madan madhura madhusudan
mahendra mahima mala malati malavika mamta manan manas mandakini mandar mangal mangesh manik manjeet manjari manjit manmohan manorama mansi manvi mayuri medha
meenal meghana mihika mihir mithun mohini mridul mrinal mrinalini mrunal mudit mugdha mukta mukul mythili nachiket nagendra nagesh naina nakul naman namita
namrata nanda nandan narinder navin navneet nayan nayana neelima neena neerja nihar niharika nikunj nilam nilima nimisha nimit niraj niranjan nirav nirmal
nirupama nishi nishtha nitesh nivedita niyati ojas omkar padmini pankhuri parag paras paresh pari paridhi parineeti parminder parthiv parveen pavani pavitra
pawan phalguni piyush poorva poornima prabhat prabhjot pradip pradnya pradyumna praful prafulla pragya prahlad prajakta prakriti pramila pranab pranali pranay
prasenjit prashanti prasoon prateek prateeksha prathamesh pratiksha pratima pratyush pravin preetam prisha prithvi pritam priyal priyam priyanshu priyesh puja
pulkit puneet punit purushottam pushkar pushpak rachana rachit radha radhika raghunath raghuram rajeshwari rajinder rajnish rajni rajveer raksha ramakant ramya
ranjana ranjeet rasika ratna raunak raveena ravinder reema reeta resham reshma reva richa riddhi riddhima rimjhim rishabh ritesh rituparna riya ronak roopa
roshan ruchika ruchir rudra rupali rushikesh rutuja saachi sadhana sahana sai sakshi sakhi salil sambhav samiksha sampada samrat samriddhi sanchita sandip
sangita sanika sanjit sanket sanskriti sanvi sanya sarala saraswati saritha sarvesh sathvik satyajit satyam saumya saurav savitri sejal shailaja shailendra
shailesh shaila shakti shakuntala shamita shanaya shantanu sharada sharvari sheela shekhar shishir shivam shivangi shivansh shobha shobhana shobhit shraddha
shreyas shreyansh shrikant shubha shubhangi shubhra shyam shyama siddhi siddhesh simran sitara sita smruti snehal sohail soham sohini sonakshi sonam sourav
sreeja sridevi srikanth srinath srishti stuti subash subhadra subhashree subodh subramanian subrata sucheta suchi suchitra sudarshan sudeep sudhakar sudhanshu
sudip sugandha suhani suhas suhasini sujay sujit sukanya sukhwinder sulabha sulochana sumanth sumedha sumeet sunaina sunanda sunder suneeta suparna supriya
supriyo surabhi surbhi surekha surinder surjit sushant sushila sushmita sutapa suvarna swara swarna sweta tanay tanishka tanmay tanu tanuja tarang taruna tejal
tejaswi tilak trilok tripti tulika tushar udit ujjwal ujwala umang upasana urmi urvashi utpal uttam vaidehi vaishnavi vallabh vamsi vansh vasanti vasudev
vasundhara vatsal veda vedant vedika veer vibha vibhor vibhuti vidhi vidhya vidyut vijayalakshmi vijayan vikash vikrant vinaya vineeta viraj viral viren
virendra vishaka vishakha vishva vishwa vishwajeet vishwanath vivaan vrinda vrushali yashaswi yashika yashvardhan yashwant yatin yogendra yukta yuvaan yuvraj
zeel aarif abdellah abdelaziz abdelhamid abdelkarim abdelrahman abderrahim abderrahmane abdulaziz abdulhamid abdulkarim abdullahi abdulmalik abdulrazak
abdulsalam abir abla adeeb adeel adham afifa afnan aftab ahlam ahsan aiman ajmal akbar akram aladdin alam almas amat ameen ameena ameer ameera amer amin amjad
amna amr anam anees anis anisa anjum anood anwer aqeel aqsa areeba areej arooj arshad arwa asad aseel asfand asif asmaa asra ata atef athar atif atiya awad ayah
ayat ayesha ayoub ayub azam azhar badria bakr baraa bashar bashir basim bassel batool behzad bilqis bisma bouchra boutros brahim cyrus dalal dania danial danish
dara daud dawood ehab ehsan eman esmail esraa fadia faheem fahim fahmi fairouz faiz faiza faizan fakhri fakhria faraz farhana farhat faria farooq farrukh fares
farzana farzad fatema fatemeh fathi fathia fatin fawad fawzia fayez fayrouz faysal fazal ferdous ferial firas firdaus fouad fouzia furqan gamal ghadir ghazala
ghazi ghina ghulam habiba hadia hadiya hadeel hafeez haider haifa hajar hakeem hakim haleema hamda hamdan hameed hamida hammad hanaa hania hanif hanifa hanin
hany haris harith haroon hasna hayat haytham hazem hedayat hedi hend hesham hessa hiba hikmat hoda homa hooman houda houssam hosam hossam humaira huma husain
husna iftikhar ihab ikram ilham ilyas imane imad imtiaz inaam inam inas inaya intisar iqra irshad isam ishaq ismat isra israa issa izza jaafar jalal jalil
jameel jameela jamil jannat jasim jasmin jassim javad javed jawaher jihan jiyan joud joumana judi julnar jumana kamel kamran kareema kashif kasra kawthar kazem
khadeeja khalida khawla khayri khizar khola khulood khurram khurshid kianoush kifah kinan kinza kulsum laiba lamya latif layal layan leen loai lujain lulwa
luqman madiha maher mahira mahmud mahnoor majd majida makram malek maleeha malika manar mansoor manzoor marah maram masoud masood maysa maysoon mazin mehreen
mehwish mirza misbah mishal moaz mohsen mohsin moin moiz mokhtar moneer monir monira morad morteza mouad mounir mounira moustapha mubashir mubeen mudassar mueen
mufid muhamad muhanad mujtaba mukhtar muna munawar muneer munira muntaha murad murtaza musab mushtaq muslim mutasim muzammil nabeel nabeela nabila nadeem nadim
nadira nafeesa nafisa nagla nagy nahed nahid nahla naila naim najat naji najiba najla najma nargis nariman nashwa nasim nasima naseem naseer nasira nasreen
nawaf nawaz nawfal nayef nayla nayyar nazia nazir nazneen nibal nida nidal nihad nimra nisreen noaman noha noora noureddine nouf nuha numan nusrat omayma
ouassim oumaima parvaneh parvez parviz payam pegah qadir qamar qays rabab rabea rabi rabih raed rafat rafiqa raghad raghda rahaf raheem rahil rahim rahma rahman
raid rajaa ramadan ramla ramy ramzi rand ranim rashed rasheed rashida rasmi rasul raouf rauf rawan rawia rayan rayyan razan razia raziya reham rehan rehana
rehman ridha rifaat rihab ritaj riyad riyadh riyaz rizwan roshanak rubab rukhsana rula ruqayya saadia saba sabeen sabir sabiha sabira sabrin sadaf sadia sadiq
sadiqa saeeda safa safia safiya safwan sahir saida sajad sajid sajida sajjad sakina salahuddin salam saleem saleha salima salwa samah saman sameera samina
samiya sanaa sania sarmad sarwat sattar sayed seham sepideh shabana shabbir shabnam shaban shadia shahab shahad shahbaz shaheen shahida shahid shahin shahnaz
shahrazad shahrukh shahzad shaista shakeel shakeela shakil shakira shamim shamima shams shamsa shamsi shareef sharifa sharmeen shawqi shayan shaza shazia sheema
sheikha sherin shiraz shoaib shouq shukri siham siddiqa sidra siraj somaya sorour souad soukaina soumaya subhan suhail suhaila sukaina sultana sumaira sumayya
suraya syed tabassum tahani taher tahira tahmina taimur tala tamim tanveer tanzeela taqi tareq taslima tawfiq tayyab tayyaba thana tharwat thoraya turki ubaid
umaima umair umm urooj usman uzair uzma wadha waheed wahid wahida wajdi wajid wajiha waleed waqar waqas ward warda waseem wassim wedad widad wisam yaqoob yaqub
yaseen yasmeen yazan yazid yomna younes younis yousuf yumna yusra zaeem zafar zaheer zahid zahida zahir zahraa zaina zakaria zaki zakia zakir zaman zarah zareen
zarina zeenat zeeshan zeina zina zineb ziyad zoha zohra zohreh zoya zubair zubaida zulfiqar zuleika zulekha abidemi abioye abosede abubakar adaeze adama adanna
adaobi adaora adebanjo adebowale adegoke adelani adeleke adenike adeolu aderonke adesina adetola adeyemi afua agbani aigerim aissatou ajani ajibola akachi
akinola akintola akinwale akpan alhassan aliou aluko amarachi aminu amma anana andile anele anesu anuoluwapo ayanda ayinde ayodeji ayokunle ayoola azubuike
bandile baraka binta boitumelo bolaji bolanle bongani bongiwe bontle camara cheikh chibuike chichi chidera chidiebere chidiebube chiedza chigozie chikondi
chinasa chinazor chipo chukwuebuka chukwuka daouda djeneba djibril dumisani duduzile ebere ebube ekua emem esinam esosa etana eyitayo eyram ezinne ezinwa fanta
farai fikile folashade fumilayo funmi gbemisola gcobani gift hadiza halimatou hlengiwe hondo ibidun ibrahima idrissa ige ike iniko isatou isioma itumelo iyabo
jabulani jabu jumoke kabelo kabiru kamogelo karabo katlego kayode kenechukwu keneilwe kgosi kgomotso khadijatou khanyisile khethiwe khosi kiprono kipchoge
kipkemboi kobina koffi kouassi kudzai kunle lamin lamine lanre lebogang lesedi letlhogonolo lindani lindokuhle lulama lunga lwazi mahlatse makena makhosi
mahamadou malaika mamello mandisa marufu masego mbalenhle melokuhle mfundo mmabatho modou mohau mojisola mokgadi monde moremi mosima mukami mumbua mutua mwai
mwende nandipha nandi ndiaye ndinda ndivhuwo neema ngugi nhlanhla njambi njoki njoroge nkeiru nkemdilim nkiruka nkosinathi nkululeko nobuhle nolwazi nomandla
nombulelo nomfundo nomthandazo nomzamo nonkululeko nontle nozipho nqobile nthabiseng ntokozo nyasha obafemi obed obiageli obioma odhiambo odili odion ogechukwu
okeke okon oladele oladipo olajide olanrewaju olaoluwa olasunkanmi olatunde olawale olayinka olumide olusegun olusola oluwadamilola oluwafemi oluwatosin omondi
omosede omowunmi onome onyekachi osaro osas oyelaran oyinkansola phiri phumzile pontsho precious rapelang rethabile rotimi rudo ruvimbo saidou samba sanele
seipati senait sfiso sibongile sibusiso sifiso sihle simphiwe sinazo sindisiwe siphokazi siya sizwe sola solape soyinka tadesse taonga tatenda tebogo temidayo
temiloluwa teboho thabang thabiso thandolwethu thato thembeka thembi thembinkosi thuli thulisile tinashe tiwa tobechukwu tobi tola tolu toluwani tomiwa tonderai
toyin tsepo tshepo tshepiso tsholofelo tunji uchechi ukamaka unathi unoma vusi vuyo vuyokazi wafula wangui waweru wole wunmi xola xolani yejide yeside zandile
zenzele zintle ziyanda zolani zubeida zukiswa
`
