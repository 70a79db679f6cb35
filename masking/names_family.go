package masking

// familyNames are family names, by culture, in Latin letters without accents.
const familyNames = `
abbott abrams adams adkins adler alexander allen alvarado anderson andrews archer armstrong arnold ashton atkins atkinson
austin avery ayers bailey baird baker baldwin ball ballard banks barber barker barlow barnes barnett barr barrett barron
barry bartlett barton bates bauer baxter beard beasley beattie beck becker bell benjamin bennett benson bentley benton
berg berger bernard berry best bird bishop black blackburn blackwell blair blake blanchard blevins bloom bolton bond
booth boswell bowen bowers bowman boyd boyer boyle bradford bradley bradshaw brady brandt bray brennan brewer bridges briggs
bright brock brooks brown browne browning bruce bryan bryant buchanan buck buckley bullock burgess burke burnett burnham
burns burris burt burton bush butler byers byrd byrne caldwell callahan cameron campbell cannon cantrell carey carlson
carmichael carney carpenter carr carroll carson carter cartwright carver casey cash chambers chandler chaney chapman
charles chase christensen church clark clarke clay clayton clements cline cobb cochran coffey cohen cole coleman collier
collins combs compton conley conner connolly conrad conway cook cooke cooley cooper copeland corbett cote coulter
courtney cowan cox craft craig crane crawford cross crosby crowley cullen cummings cunningham curran curry curtis dale
dalton daly daniel daniels davenport davidson davies davis dawson day dean decker delaney dennis denton devine dickerson
dickinson dickson dillon dixon dodd dodson doherty dolan donaldson donnelly donovan dougherty douglas downs doyle drake
draper driscoll dudley duffy duke duncan dunlap dunn durham dyer dyson eaton edwards elliott ellis ellison emerson england
english erickson evans everett ewing farley farmer farrell faulkner ferguson field fields finch finley fischer fisher
fitzgerald fitzpatrick fleming fletcher floyd flynn foley forbes ford foreman forster fowler fox francis frank franklin
fraser frazier frederick freeman french frost fry frye fuller gallagher galloway gamble gardner garner garrett garrison
gates gentry george gibbons gibbs gibson gilbert giles gill gillespie gilliam gilmore glass glenn glover goldberg golden
goldman goldstein good goodman goodwin gordon gorman gough gould grady graham grant graves gray green greenberg greene
greenwood greer gregory griffin griffith griffiths grimes gross guthrie hahn haley hall hamilton hammond hampton hancock
hanna hansen hanson hardin harding hardy harper harrell harrington harris harrison hart hartman harvey hastings hatfield
hawkins hayden hayes haynes hays healy heath hebert henderson hendricks hendrix henry henson herring hess hewitt hickman
hicks higgins hill hines hinton hobbs hodge hodges hodgson hoffman hogan holbrook holcomb holden holder holland holloway
holman holmes holt hood hooper hoover hopkins hopper horn horne horton house houston howard howe howell hubbard huber
hudson huff huffman hughes hull humphrey humphreys hunt hunter hurley hurst hutchinson hyde ingram irwin jackson jacobs
jacobson james jarvis jefferson jenkins jennings jensen jewell johns johnson johnston jones jordan joseph joyce kane
kaufman kearney keating keith keller kelley kelly kemp kendall kennedy kenny kent kerr key kidd king kinney kirby kirk
kirkland klein kline knapp knight knowles knox koch kramer lamb lambert lancaster landry lane lang langley larkin larsen
larson law lawrence lawson leach leblanc lee leonard leslie lester levine levy lewis lindsay lindsey little livingston
lloyd logan long love lowe lowery lucas lynch lynn lyon lyons macdonald mack mackay mackenzie maclean macleod madden
maddox mahoney malone maloney mann manning marks marsh marshall martin mason massey mathews mathis matthews maxwell may
mayer maynard mayo mays mcbride mccabe mccall mccann mccarthy mccarty mcclain mcclure mcconnell mccormick mccoy
mccullough mcdaniel mcdermott mcdonald mcdowell mcfadden mcfarland mcgee mcgrath mcgregor mcguire mcintosh mcintyre
mckay mckee mckenna mckenzie mckinley mckinney mcknight mclaughlin mclean mcleod mcmahon mcmillan mcneil mcpherson
meadows melton mercer merrill merritt meyer meyers michael middleton miles miller mills mitchell monroe montgomery moody
moon mooney moore moran morgan morris morrison morrow morse morton moses mosley moss mueller mullen mullins murphy murray
myers nash neal neil nelson newell newman newton nichols nicholson nielsen nixon noble nolan norman norris north norton
oakley obrien oconnell oconnor odonnell odom ogden ohara okeefe oleary olsen olson oneal oneill oreilly orr osborn osborne
osullivan otoole owen owens pace page palmer parker parks parrish parry parsons pate patrick patterson patton paul payne
pearce pearson peck pennington perkins perry peters petersen peterson phelps phillips pickett pierce piper pitt pitts
pollard poole pope porter potter potts powell powers pratt preston price prince pritchard proctor pruitt pugh quigley
quinn ramsey randall randolph ray raymond reardon reed reese reeves reid reilly reynolds rhodes rice rich richards
richardson richmond riddle riggs riley ritchie roach robbins roberson roberts robertson robinson robson rodgers rogers
rollins rose ross roth rowe rowland roy rush russell russo rutherford ryan salazar sampson samuel sanders sanderson
saunders savage sawyer schaefer schmidt schneider schroeder schultz schwartz scott sellers sexton shaffer shannon sharp
sharpe shaw shea shelton shepard shepherd sheppard sherman shields short simmons simon simpson sims sinclair singleton
skinner slater sloan small smith snider snow snyder solomon sparks spence spencer stafford stanley stanton stark steele
stein stephens stephenson stevens stevenson stewart stokes stone stout strickland strong stuart sullivan summers sutherland
sutton swanson sweeney sweet sykes talley tanner tate taylor terrell terry thomas thompson thomson thornton tierney todd
townsend tran travis trevino tucker turner tyler tyson underwood valentine vance vaughan vaughn vincent vinson wade wagner
walker wall wallace waller walls walsh walter walters walton ward ware warner warren washington waters watkins watson
watts weaver webb weber webster weeks weiss welch wells welsh west whitaker whitehead whitfield whitley whitney wiggins
wilcox wilder wiley wilkerson wilkins wilkinson willard williams williamson willis wilson winters winston wolf wolfe wong
wood woodard woods woodward wooten wright wyatt wynn yates york young zimmerman
abad acosta aguado aguilar aguilera aguirre alarcon alcantara alfaro alonso alvarez andrade aparicio aranda arias arroyo
avila ayala baez ballesteros barrera barrios bautista beltran benitez bermudez bernal blanco bonilla bravo bustos caballero
cabrera calderon calvo camacho campos cano carbajal cardenas cardona carmona carrasco carrera carrillo castaneda castano
castellanos castillo castro cervantes cespedes chavez cisneros contreras cordero cordoba corona coronado correa cortes
cortez crespo cruz cuellar cuevas delgado diaz diez dominguez duarte duran echeverria enriquez escobar escudero espinosa
espinoza esteban estrada etxeberria fernandez ferrer figueroa flores fuentes fuente gallardo gallego gallegos galindo gamboa
garcia garrido garza gil gimenez giron gomez gonzales gonzalez guerra guerrero gutierrez guzman haro heredia hernandez
herrera herrero hidalgo hinojosa huerta hurtado ibanez iglesias izquierdo jaramillo jimenez juarez jurado lara leal ledesma
leiva leon linares llorente lobo lopez lorenzo lozano lucero lugo luna macias maldonado manrique manzano marin marquez
marrero martin martinez mata mateos maya mayorga medina medrano mejia melendez mendez mendoza menendez merino mesa miranda
molina moncada montero montes montoya mora morales moran moreno mosquera moya munoz murillo navarrete navarro nieto novoa
nunez ocampo ochoa ojeda olivares olmos ordonez orellana orozco ortega ortiz osorio otero pacheco padilla palacios palomino
pardo paredes parra pascual pastor pavon paz pelaez pena peralta pereda perez pineda pizarro plaza ponce portillo prado
prieto puig quintana quintero quiroga ramirez ramos rangel redondo rendon reyes rico rincon rios rivas rivera rivero robles
rocha rodriguez roldan rojas rojo roman romero rosales rosario rubio rueda ruiz saavedra saenz salas salazar salcedo saldana
salgado salinas salvador sanchez sandoval sanmartin santamaria santana santiago santos sanz sarmiento segovia segura sepulveda
serna serrano sierra silva solano soler solis soria sosa soto suarez tamayo tapia tejada tello toledo torres tovar trejo
trujillo ubeda urbina uribe valdes valdez valencia valenzuela vallejo valverde vargas varela vasquez vazquez vega velasco
velazquez velez vera vergara vicente vidal vigil villa villalobos villanueva villarreal villegas yanez zamora zapata zarate
zavala zuniga
allard arnaud aubert auger barbier baron barre baudry benard benoit berger bernard bertrand besson blanc blanchard boucher
boulanger bourgeois bouvier boyer breton brun brunet caron carpentier carre chapuis charpentier chauvin chevalier clement
colas colin collet cordier cousin daniel david delannoy delaunay deschamps desjardins devaux dubois dubosc duchamp dufour
duhamel dumas dumont dupont dupuis dupuy durand duval etienne fabre faure fernandez fleury fontaine fournier francois gaillard
garnier gauthier gautier gerard germain gilbert gillet girard giraud gonnet gosselin gros guerin guichard guillaume guillot
guyot hamel hardy hebert henry herve hubert huet humbert jacob jacquet jacquot joly jourdain julien klein lacroix lafarge
lambert langlois laporte laroche laurent lebrun leclerc leclercq lecomte lefebvre lefevre legrand lejeune lemaire lemaitre
lemoine leroux leroy leveque lopez louis lucas maillard mallet marchal marchand marechal marie martel masson mathieu menard
mercier meunier meyer michaud michel millet monnier moreau morel morin moulin muller nguyen nicolas noel olivier paris pasquier
pelletier perrin perrot petit philippe picard pichon pierre poirier poulain prevost regnier remy renard renaud renault rey
reynaud richard riviere robert robin roche roger rolland rousseau roussel roux roy royer sauvage schmitt simon tanguy texier
thibault tessier thierry thomas vallet vasseur verdier vidal vincent voisin weber
abel ackermann albrecht altmann arndt arnold bach bachmann barth bartels bauer baumann baumgartner beck becker behrendt behrens
benz bergmann bernhardt bischoff bode bohm bohme born brandt braun brenner breuer brinkmann brockmann bruns buchholz buchner
burger busch buttner christ conrad decker dietrich dietz dittrich dorn eberhardt ebert eckert ehlers ernst esser ewald
falk fiedler fink fischer forster frank franke franz freitag freund frey friedrich fritsch fritz fromm fuchs funk gabriel
gartner gebauer gebhardt geiger geisler gerber gerlach geyer gobel gotz graf grimm grosse gross gruber gunther haas hagen
hahn hamann hanke hansen hartmann hartwig hauser haupt hecht heil hein heinemann heinrich heinz heller henning herbst hermann
herrmann herzog hess hesse heuer hildebrandt hinz hirsch hoffmann hofmann hohmann holz hoppe horn huber hubner jager jahn jakob
jansen janssen jung junker kaiser kaufmann keil keller kern kessler kirchner kirsch klein klinger klose knoll koch kohl kohler
konig kopp kraft kramer kraus krause krebs kremer kretschmer kroger kruger krug kuhlmann kuhn kuhne kunz kunze kurz lang lange
langer lauer lehmann lehnert lenz linde lindner linke lohmann lorenz ludwig lutz maier marquardt martens marx maurer mayer
meier meister menzel merkel mertens metz metzger meyer michel miller mohr moller moritz moser muller munch nagel naumann neubauer
neumann nickel niemann noack noll nowak oswald otto pape paul peters petersen pfeifer pfeiffer philipp pietsch pohl popp preuss
probst raabe rapp rau reich reichert reimann reinhardt reuter richter riedel ritter rohde romer rose roth rudolph runge sander
sauer schade schafer schaller scharf scheffler schenk scherer schick schilling schindler schlegel schlosser schlueter schmid
schmidt schmitt schmitz schneider schnell scholz schon schrader schramm schreiber schreiner schroder schroeder schroter schubert
schuler schulte schultz schulz schulze schumacher schumann schuster schutz schwab schwarz seidel seifert seitz siebert siegel
simon singer sommer sonntag springer stahl stark steffen steffens stein steiner steinmetz stephan stock stoll strauss strobel
sturm thiel thiele thomas thomsen tietz ulrich unger urban vogel vogt voigt volk volkmann voss wagner walter walther weber wegener
wegner weidner weigel weis weiss wendt wenzel werner wessel westphal wiese wieland wilhelm wilke will winkler winter wirth witt
witte wolf wolff wolter wulf wunderlich zander zeller ziegler zimmer zimmermann mueller schaefer koehler koenig krueger moeller
boehm goetz jaeger kroeger schuetz huebner guenther
agostini amato amici antonelli arena armani bandini barbieri barone basile battaglia bellini bellucci benedetti benvenuti
bernardi bianchi bianco bonetti bruni bruno caputo carbone caruso castelli cattaneo cavallo ceccarelli cesari cirillo colombo
conte conti coppola corsi costa costantini cristiani dagostino damico dangelo deangelis deluca demarco demartino derosa desantis
desimone diblasi donati donofrio esposito fabbri falcone farina fazio ferrante ferrara ferrari ferraris ferraro ferretti ferri
ferro filippi fiore fontana fumagalli fusco galli gallo garofalo gatti giordano giorgi giuliani grassi grasso greco
grimaldi guerra guidi leone leonardi locatelli lombardi lombardo longo lorusso lupo magnani mancini manfredi mantovani marchetti
marchi mariani marini marino mariotti marra martelli martinelli martini martino mazza mazzini mele melis meloni merlo messina
milani molinari monaco montanari monti morelli moretti morini moro mosca motta napoli napolitano negri neri nicoletti orlando
pace pagano palmieri palumbo parisi pastore pellegrini pellegrino pepe perrone piazza piccolo pini piras poli pozzi pugliese
ranieri ricci ricciardi rinaldi riva rizzi rizzo romano romeo rosa rosati rossetti rossi rosso ruggeri ruggiero russo sacchi sala
salerno salvi sanna santini santoro sartori savini serra silvestri simonetti sorrentino spina stella tedesco testa tosi trevisan
valente valentini venturi verdi villa vitale vitali volpe zanella zanetti zanini zanon zito
abreu aguiar albuquerque almeida alencar alves amaral amorim andrade antunes aragao araujo assis assuncao avelar azevedo barbosa
barreto barros bastos batista bezerra borba borges botelho braga branco brandao brito bueno caldeira camara campos cardoso
carneiro carvalho castro cavalcante cavalcanti cerqueira chagas coelho conceicao cordeiro correia costa couto cunha dantas dias
domingues dourado duarte esteves evangelista falcao faria farias fernandes ferreira figueiredo fonseca fontes franco freire
freitas furtado galvao gama garcia gomes goncalves gouveia guedes guerreiro guimaraes henriques jardim lacerda lago leal leao
leite lemos lima lins lobo lopes loureiro lourenco macedo machado maciel magalhaes maia marinho marques martins matos mattos medeiros
meireles melo mendes mendonca menezes mesquita monteiro moraes morais moreira mota moura muniz nascimento naves neves nobre
nogueira novaes nunes oliveira pacheco padilha paiva passos peixoto pereira pessoa pimenta pimentel pinheiro pinho pinto pires
prado queiroz quintela ramalho rangel rebelo rego reis resende ribeiro rocha rodrigues sa sales sampaio santana santos saraiva
seabra sequeira siqueira silva silveira simoes soares sousa souza tavares teixeira teles torres trindade vale valente vargas
vasconcelos vaz veloso viana vidal vieira vilela xavier
adamczyk adamski andrzejewski baran baranowski bednarek bednarski bialek blaszczyk borkowski borowski brzezinski chmielewski
cieslak czarnecki czerwinski dabrowska dabrowski domanski duda dudek dziedzic filipek frankowski gajda gajewski gajda glowacki
gorski grabowska grabowski jablonski jakubowski jankowska jankowski jaworski jasinski kaczmarczyk kaczmarek kaczynski kalinowski
kaminska kaminski karpinski kasprzak kazmierczak klimek kolodziej kopec kosinski kot kowal kowalczyk kowalewski kowalska kowalski
kozak kozlowska kozlowski krajewski krawczyk krol kruk krupa kubiak kucharski kujawa kurek kwiatkowska kwiatkowski laskowski
lewandowska lewandowski lis lukasik maciejewski majewski makowski malinowski marciniak markowski mazur mazurek michalak
michalski mikolajczyk milewski mroz mucha murawski musial nawrocki nowakowski nowicki nowacki olszewski orlowski ostrowski
pawlak pawlowska pawlowski pietrzak piotrowska piotrowski piatek podgorski polak przybylski rogowski romanowski rutkowski
sadowski sawicki sikora sikorski siwek skiba sobczak sobczyk sokolowski stachowiak stankiewicz stasiak stepien szczepaniak
szczepanski szewczyk szulc szymanska szymanski szymczak tomaszewski tomczak turek urbaniak urbanski walczak wasilewski wieczorek
wilczek wilk wisniewska wisniewski witkowski wlodarczyk wojciechowska wojciechowski wojcik wojtowicz wozniak wrobel wroblewski
wysocki zajac zakrzewski zalewski zawadzki zielinska zielinski ziolkowski
abramov agapov aleksandrov alexeev andreev antonov babic baranov belov benes bezak blazek bogdanov bondarenko borisov boyko
boychenko cermak cerny chernov cvetkovic danilov djokic dolezal dordevic dragic dvorak dvorakova egorov fedorov fiala filipovic
frolov gavrilov golubev gorbachev grigoriev hajek hanak hladik hluchy horak horakova horvat horvath hruska hudak iliev ilic ivanov
ivanova ivanovic jankovic janovic jelinek jovanovic kadlec karpov kiselev knezevic kolar kolarov komarov konecny kos kostic
kotov koval kovac kovacevic kovacova kovacs kovalenko kovalchuk kovar kozlov kratochvil kravchenko krejci kucera kuznetsov
kuznetsova lazarev lebedev lukic lysenko makarov maksimov malik maly mandic marek marinkovic marko markovic matveev medvedev
melnik melnyk mikhailov milic milosevic mironov moravec morozov mueller musil nemec nemeth nikolaev nikolic nikitin novak novakova
novakovic novotna novotny novikov orlov ostapenko pavlenko pavlov pavlovic pavlovna perić peric petkovic petrenko petrov petrova
petrovic pokorny polakova polyakov ponomarev popov popova popovic popovych prochazka prokhorov radic rakic ristic romanov ruzicka
rybakov savchenko semenov sergeev sedlacek shapiro sharapova shevchenko shevchuk sidorov simic skala smirnov smirnova sokolov
solovyov stanković stankovic stefanov stepanov stojanovic sukova svoboda svobodova sydorenko sykora tarasov tesar tkachenko
tomic tymoshenko urbanova vasiliev vasilyev vesely vinogradov vlasov volkov volkova vorobyov vukovic yakovlev yefimov yermakov
zaitsev zakharov zelenka zelenko zeman zhukov zivkovic
aalto aaltonen ahlstrom andersen andersson andreasen arnesen aronsson axelsson backstrom bakke bakken berggren bergland bergstrom
berntsen bjork bjorklund bjornsson blom borg bostrom brandt bruun carlsen carlsson christiansen christoffersen dahl dahlberg
danielsen davidsen eide ek eklund eliassen engstrom eriksen eriksson fransson fredriksen gulbrandsen gunnarsson gustafsson
gustavsson haaland hagen hakansson halvorsen hansson haugen hedlund heikkinen heinonen hellstrom henriksen henriksson hermansen
holm holmberg holmgren hovland isaksen isaksson iversen jacobsen jakobsen jakobsson jansson jarvinen johannessen johansen johansson
johnsen johnsson jonsson jorgensen josefsson kallio karlsen karlsson kinnunen kjeldsen knudsen korhonen koskinen kristensen
kristiansen laaksonen laine laitinen lauridsen lehtinen lehto lehtonen lind lindberg lindgren lindholm lindqvist lindstrom lund
lundberg lundgren lundin lundqvist madsen magnusson makela makinen malmberg mattsson mikkelsen moen mortensen myhre mattila
makkonen nieminen nilsen nilsson norberg nordin nordstrom nygaard nyberg nystrom olsson ostergaard pedersen persson pettersen
pettersson poulsen rantanen rasmussen salminen salonen samuelsson sandberg savolainen simonsen sjoberg solberg sorensen strand
strom sundberg svendsen svensson thorsen toivonen tuominen turunen vestergaard virtanen wallin wikstrom aberg akesson osterberg oberg ohman ostlund
`
