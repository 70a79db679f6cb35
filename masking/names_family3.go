package masking

// rareFamilyNames goes on where moreFamilyNames ends.
const rareFamilyNames = `
abernathy abernethy ackerman adair addison ainsworth albright alcott aldridge alford allred alston amos andrus ansell appleby applegate arbuckle archuleta
arellano armistead arnett arredondo arsenault ashby ashdown ashworth askew atchison atherton atwater atwood autry avalos aviles babcock bagley bainbridge
bancroft bankston barajas barclay barger barnhart barragan barrientos bascom bassett bateman beauchamp beaulieu beckett beckham beckwith bedford beecher belcher
bellamy benavides bender benner bennington bergeron bickford biggs billings billingsley bingham birdsong birch blackwood blakely blakeney blankenship blanton
bledsoe bloomfield blount boggs bolden bolin bollinger bonham bonner boone borden bouchard boudreau boudreaux boughton bourne bowden bowles bowling boyce boykin
bracken bradbury braddock bragg braithwaite bramble branham brannon brantley braswell bratcher brewster brinkley brinson briscoe britt britton broadbent
brockman brody brogan bromley broughton broussard brownell brownlee broyles bruner brunson buckingham buckner bullard burch burdette burgos burkhart burleson
burrell burroughs burrows busby bustamante butterfield butterworth byrnes cahill calhoun callaway calloway calvert camp canales cantu caraway carden cardwell
carlisle carlton carnahan carnes carranza carrington cassidy castleberry caswell cates caudill causey cavanaugh cavazos chadwick chamberlain champion chappell
chatman chavis cheatham childers childress chisholm christenson churchill clancy clanton claridge clarkson claxton clayborn cleary clegg clemens clemons
clevenger clifton coates coble coburn coe coffman coghlan coker colbert coley collazo collinsworth colvin comstock condon conklin conn connelly conners connors
conroy coombs corbin corcoran cordova corley cornelius cornell cornwell corrigan cosby cosgrove costello cotter cottrell coughlin covington coward cowart cowell
cowles coyle coyne crabtree craddock crain crandall craven crawley creech creighton crenshaw crews criswell crockett cromwell cronin crouch crowder crowe
crowell crum crump culbertson culpepper culver cummins curtin cushing cutler dabney daigle damon danforth darby darden darling daugherty dawkins deaton deering
dehart delacroix delagarza deleon delgadillo delong dempsey denham denning dennison derrick desmond devlin dewey dewitt dickens dickey diehl diggs dill dillard
dinkins dobbins dobbs dobson dockery donahue donohue dooley doran dorsey dotson dowd dowdy dowell downey downing dozier drayton driver drummond dubose duckworth
dugan duggan dukes dunham dunleavy dunning dupree durant durbin dutton duvall dwyer eastman easton eberle echols eddy edmonds edmondson egan eggleston elam
elder eldridge elkins eller ellington ellsworth elmore elrod elston ely embry emery ennis enright epps epstein ervin escamilla escobedo esparza esquivel estep
estes etheridge eubanks fagan fairbanks fairchild fairfax fairley fairweather fallon fannin farnsworth farr farrington farris featherstone featherstonehaugh
felton fenton ferrell ferris fincher findlay finnegan finnerty fitch fitzhugh flaherty flanagan flanders flannery flood flowers fogarty fogle folsom fontenot
foote forrester forsyth forsythe fortner foss fountain fowlkes frampton franks frasier freed freedman freeland frias frierson fulcher fulton furlong gabel gable
gaffney gage gaines gaither galbraith gallant galvan galvin gamez gannon garber gardiner garland garrity garvey garvin gaston gatewood gatlin gavin gay gentile
giddens gifford gilchrist gillette gilliland gillis gilman gilroy ginn gipson gleason godfrey godwin goins golding gooch goode gooden goodrich goodson gore goss
gossett graff granados granger grantham grayson greenfield greenlee gregg grenier gresham griggs grigsby grimsby grimshaw grissom groves grubb grubbs guevara
guidry guillen gunderson gunn gunter gurley guy hackett hadley hagan haggerty haines hairston halcomb hale halliday halstead halsey halverson hamby hamlin hamm
hammer hammonds hanley hanlon hannah hannon harden hardesty hardwick hargreaves hargrove harkins harkness harlan harley harlow harman harmon harrelson hartley
hartwell haskell haskins hatch hatcher hathaway hatton hawes hawley hawthorne hayward haywood head heard hearn heck hedrick heffernan helms helton hemphill
hendrickson henley hennessey hennessy herbert herndon herrington herron hershberger hester hiatt hibbert hickey higdon higginbotham hightower hildebrand
hildreth hilliard hilton hinds hinkle hinson hitchcock hobson hogue holcombe holley holliday hollis hollister holloman hooker hopson horner hoskins houck hough
howland huckaby huddleston hudgins huggins hulsey humphries hundley huntington hurd hurt huston hutchens hutcheson hutchings hutchins hutchison hutton hyatt
hyland ingersoll inman ireland irvin irvine irving isaacs isbell isom israel ivey jackman jaimes jameson jamison jarrell jarrett jaynes jeffers jeffrey jeffries
jernigan jessup jimerson joiner jolley jolly joyner judd judkins karr kauffman kay kearns keaton keegan keen keenan keene kelleher kellogg kelso kempton
kendrick kennard kenney kenyon kerns ketchum keys kidwell kilgore killian kimball kimble kimbrough kincaid kinder kingsley kingston kinsey kipling kirkpatrick
kirkwood kiser kitchen kitchens knowlton krieger kruse kurtz kyle lacey lackey lacy ladner laird lamar lamont lance land landers landis landon landrum langdon
langford langston lanham lanier lankford larose larue lassiter latham latimer lattimore lavoie lawler lawless lawton layne layton leahy leary leavitt ledbetter
ledford leggett lehman leigh leighton lemieux lemon lemus lennon levesque levinson leyva liddell liggett lightfoot lilly lindley lindquist link linton lipscomb
lister lockett lockhart locklear lockwood lofton logsdon lomax london longoria lott lovelace lovell lovett lowell lowry loyd lujan lunsford lusk luttrell lyle
lyles lyman lytle mabry mackey macmillan madrigal magana magee magnuson maguire mahaffey mahan maher major mallory mandel maness mangum manley mansfield manson
manuel mapes marcum marcus margolis markham marlow marr marsden martell martindale masters mather mathers matheson mathew matlock matney matson mattingly
mattison mattox mattson maupin mayberry mayers mayes mayfield mayhew mcadams mcafee mcallister mcarthur mcbroom mccaffrey mccain mccallum mccaskill mccauley
mcclanahan mcclellan mcclelland mcclendon mcclintock mccloskey mccloud mcclung mccollum mccombs mccool mccord mccormack mccracken mccrary mccray mccready mccue
mccurdy mccutcheon mcdonnell mcdonough mcdougal mcduffie mcelroy mcewen mcghee mcgill mcginnis mcgovern mcgowan mcgraw mcgrew mchugh mcinnis mckeown mckinnon
mclain mclemore mcmahan mcmanus mcmillen mcmillian mcmullen mcmullin mcmurray mcnair mcnally mcnamara mcneal mcneill mcnulty mcqueen mcrae mcreynolds mcswain
mcvay mcwhorter mcwilliams meacham mead means medlin meek meeks melvin mendenhall mercado meredith merrick messer metcalf michaels mickelson milburn milligan
millard millikan mims minor minter minton miracle mitchum mixon mize moe moffett moffitt molloy monaghan monahan moniz monk montague montano montemayor
moorehead moreland morehead morrill morrissey mosby moseley mosher motley mott moulton mowery moyer moynihan mulcahy mulkey mulligan mullis muncy munger munro
munson murdock murphree murrell murry musgrave musser myles myrick nadeau nagle najera nall nance napier nathan naylor needham neely neff negron nesbitt ness
nettles nevarez neville newberry newby newcomb newkirk newland newlin newsom newsome nickerson nightingale nix noland nolen northcutt northrop norwood nowell
nugent nunley nunn nutter oakes obryan oday odell oden oglesby ogrady oldham olivarez oliver olmstead oneil oquinn ormond ornelas orourke osgood oshea oster
outlaw overby overstreet overton pack packard padgett padron paige palermo parham parkinson parr parrott partin partridge patino patten paulsen paulson paxton
payton peabody peacock peebles peek pelton pemberton pendergrass pendleton penn pennell peoples peppers percy perdue peres peterman petrie pettiford pettis
pettit pettway petty peyton phipps piatt pickens pickering pierson pike pilkington pina pinckney pinkerton pinkney pinkston pitman pittman platt plummer
plunkett poe pogue poindexter polanco polk pollock pool porterfield posey post poteet prater prentice prescott presley prewitt prichard pridgen priest pritchett
proffitt pruett pryor puckett puente pulliam pullen purcell purdy purvis putnam pyle qualls quarles quezada quick quillen quinlan quinones quinonez quintanilla
quiroz raines rainey rainwater raleigh ralston rambo ramey ramsay rand randle raney rankin ransom ratcliff ratliff rawlings rawls rayburn reagan reaves rector
redd redden redding redman redmond reece reeder regalado regan register reinhart renfro renner reno renteria resendez resnick revels reyna reynoso rhea rhoades
rhoads rhyne ricks richey ricker rickman ricketts riddick rider ridgeway ridley riggins rigsby rinehart ringer ripley ritchey roark robb robey robins robinette
robison rockwell roden rodman rodrigue rodriquez roe rohr roland romine romo rooney roper rosado rosas rosenbaum rosenblum rosenfeld rothman rountree rouse
roush rowan rowell rowley royal royster rucker rudd ruff ruffin rupp rushing russ rutledge ryder sadler saldivar salisbury sallee salmon salter sammons samson
samuels samuelson sanborn sandlin sands sanford sapp sargent sartain sasser satterfield saucedo savoy saxon saxton saylor scales scanlon scarborough schaeffer
schaffer schiller schofield schumaker scoggins scruggs scully seals searcy sears seaton seay self selby sessions settle severson seward sewell seymour
shackelford shafer shanahan shank shanks shaver shay shearer sheehan sheets sheffield shelby sheldon shell shelley shephard sheridan sherrill sherrod sherwood
shinn shipley shipman shirley shively shockley shoemaker shook shore shrader shrum shuler shull shultz shumaker shuman shumate sibley sigler sikes siler
silverman simms simons simonson simpkins singletary sipes sisk sizemore skaggs skelton skidmore slack slade slagle slaughter slocum smalley smalls smallwood
smart smiley smithson smoot smothers smyth snead snell snodgrass somers sommers southard southerland southern spangler spann spaulding spears speer sperry
spicer spivey sprague spurlock squires stacey stacy staley stallings stallworth stamper stanfield stanford staples stapleton starkey starks starling starnes
starr staten staton steadman stearns steinberg stephen sterling steward stiles still stillman stillwell stine stinnett stinson stjohn stockton stoddard stoltz
stoner storey story stotts stover stovall stowe stratton straub street streeter stringer stroud strunk stubblefield stubbs stuckey studer stull stump sturdivant
sturgeon sturgill sturgis styles suggs summerlin sumner sumpter sutter swafford swain swan swann swartz swearingen swenson swift swinson swisher switzer
sylvester symonds taber tabor tackett taft taggart talbert talbot talbott tallman tarver tatum teague teal temple templeton tenney teske thacker thames tharp
thatcher thayer thibodeau thibodeaux thigpen thistlethwaite thomason thorn thornburg thorne thornhill thorpe thrasher threadgill thurman thurston tibbs tidwell
tillery tilley tillman timmerman timmons tindall tinsley tipton tisdale titus toler tolbert tolliver tomlinson tompkins toomey toro torrence torrez townes tracy
trahan trammell treadway treadwell tremblay trent trimble trinidad triplett tripp trotter trout troutman troy trudeau truitt tubbs tuggle tully turley turnbull
turpin tuttle tyndall tyner tyree underhill upchurch upshaw upton usher utley valadez valdivia valentin valle valles vandyke vang vanhorn vann varner varney
velasquez venable verdugo vernon vest vick vickers vickery victor villareal vines waddell wadsworth waggoner wagoner wainwright waite wakefield walden waldman
waldrop waldron wallen walling wallis walston wampler warden warfield washburn wasson waterman watt watters waugh way wayne weatherly weathers weems weiner
weinstein weir weldon weller wellman wentworth wertz wesley westbrook westfall westmoreland weston wetzel whalen whaley wharton wheatley wheeler whelan whipple
whitcomb whitcombe whitehouse whitehurst whiteman whiteside whiting whitlock whitlow whitman whitmore whitt whittaker whitten whittington whitworth wicker
wickham wilbanks wilbur wilburn wilde wiles wilhite wilkes willett willey williford willingham willoughby wills willson wilmoth wimberly winchester windham
winfield winfrey wingate wingfield winn winslow winstead winterbottom winton wise wiseman withers witherspoon wofford wolcott womack woodall woodbury woodcock
woodcox woodley woodruff woodson woodworth woody wooldridge wooley woolf worden workman worley worrell worsham worth wortham worthington worthy wray wren wyche
wylie wyman wynne yancey yarbrough yeager yeates yoder yonkers yost youngblood younger yount zeigler zepeda zink achterberg achterbahn altmayer amann ammann
angerer arend armbruster aschenbrenner auerbach bachmeier bachmaier baumgartl bayerle becher bechtold beier biedermann bierhoff blohm blum bolte borchert
borgmann bornemann bottcher brandl brandstatter breitner bruckner bruggemann brunner buhler burkhardt carstens claussen clausen cramer czaja dahlke daum degen
dehn deininger diekmann dietl dinkelmann dittmann domke dorfler dreher dreyer dressler drescher dunkel ebeling eberhard eckardt ecker eder egger eggert ehrhardt
eichhorn eichler eisele eisenmann endres engelhardt engelmann erdmann erhardt fabian faust federer fehr feldmann fendt fichtner filzmoser fleischer fleischmann
franzen frenzel freudenberg fricke friedl frings frisch fritsche fuhrmann geissler gerstner giese gies glaser glockner goebel goldmann grabner grafe gramlich
greiner griesbach gritsch grosch grossmann grun grunwald guth haag habermann habersack hafner hagemann haller hammerl hampel hansmann hartl haug heider
heidenreich heim heinrichs heinze hellmann hellwig helm hempel henkel hennig henze hering herold hertel heyer hiller hilpert hinrichs hofer hollander holler
holtz holzer honig hopfner horstmann huth huttner ilg imhof jacobi janke jantzen jost junge kaltenbach kammerer kamp karg kasper kastner kellermann kerner
kiefer kilian kirchhoff klages klausner kleine klemm kluge knauer knecht knoblauch knorr koberl kobler kock kohn kolb koopmann kortmann kostner kraemer krahe
kranz kratz krauss kreis kress kreuzer kroll kropf krull kuhnert kunert kunkel kuster kutzner lampe landgraf langner laubach lauterbach lechner lehner leitner
lenk leonhardt lerch lichtenberg liebert liebig lieb lindemann lippert loffler lohr lotz lubke luders maler mangold mattes mayr meinhardt melzer menke merten
meurer mielke muhlbauer munz neuhaus nitsche nitschke nolte oberle obermeier ochs oehler opitz ortmann ostermann otte ottmann pabst pauli paulus peschel petzold
pfannenstiel pfaff pfeffer pfister pichler pieper plank pohlmann raab rademacher rauch rausch rebmann redlich reichardt reichel reimer reimers reindl reinhold
reisinger reiter riedl rieger rieke riemer rode roder rohrer rosch rosenkranz rothe rott ruhl sachs sailer sandner sattler sauter schaffner schauinsland scheer
scheuermann schirmer schluter schmieder schmidtke schnabel schneiders scholl schober schonfeld schuhmacher schutte schwabe schwaiger schweizer schwenk seeger
seibel seidl seiler senft sievers simmel sonnleitner spath specht spiegel spies spitzer stadler stamm staudinger steger steininger stenzel steuer stiegler
stockl stoltenberg stoltenhoff stolz stork storz strauch stroh stumpf suss tauber teichmann thaler theis thieme thoma thurm tillmann trapp traub trautmann
troger uhl uhlig ulbrich vetter vogler volz vollmer vormann wachsmann wachter wagenknecht walch walz wanner weigl weigand weikert weiland weinert weinmann
weiser weisz welter wendel wenz wessels westermann wiedemann wiegand wiesner wilken wimmer wittmann wohlfahrt wolfram wulff wurm wurst ziemer zorn zwick abadie
andrieux arnoux aubry bailly barthelemy bazin beaumont begue bernier berthelot berthier besnard bigot billard blanchet blin blondel bodin boivin bonnet bonnin
bouchet bourdelle bourdon bouvet briand brossard brunel buisson camus carlier cartier castel charrier chauvet chevallier collin cornu cosson coste costes
couderc coulon courtois couturier delage delahaye delattre delmas delorme descamps didier drouet duchene duclos dupre evrard faivre favier ferrand ferry
forestier fouquet gaudin georges godard goujon gregoire guillet guillon hamon hoarau imbert jacques janvier jourdan joubert labbe lachapelle lacombe lagarde
lamy lavigne lebas lebon lebreton leconte lecoq leduc lefort legendre leger legros lelievre lenoir lesage letellier lhermite loiseau mace marty maupertuis
maurice maury morvan normand ollivier pages parent parmentier payet peltier perret perrier pineau pons provost raynaud renou rossignol rousset sabatier seguin
teissier toussaint vaillant vallee vandenbroucke abascal acevedo albarran alcaraz altamirano amador anguiano aragon arango arce arenas arevalo armenta arriaga
azcona baeza balderas basurto becerra benavente bermejo bernabe blasco borrego botello briones camarena camargo campillo cantero carballo carreon carreno
carrion casas castellano cedillo ceja centeno cepeda cerda cevallos chacon coello collado colon conde corral cuenca cuesta davila delafuente echeverry elizondo
escalante escribano espejo espino estevez fajardo felix fierro figueredo galan galeano galvez garay gaytan giraldo godoy goikoetxea gongora granado guardado
heras holguin huertas ibarra infante islas iturralde lagos landa larranaga lasso latorre lerma llamas loera lozada luevano madera maestre marcos mariscal
marroquin mateo melgar mena mendieta meza millan miramontes monroy monsalve montalvo montenegro montesinos montiel munguia naranjo nava negrete nieves ocana
olivera olmedo onate ospina otalvaro oviedo palma paniagua pantoja pastrana pedraza pedroza penaloza perea perdomo plasencia polo porras posada pozuelo pulido
quesada quevedo quinteros quispe rebolledo recio restrepo reynaga ribera riquelme robledo roca rodas roque rosell ruano salamanca salmeron samaniego sanabria
sandino serrato silvestre sotelo sotomayor tafoya tejeda tellez terrazas tobar tolosa tomas toscano tristan ulloa urena urias urrea urrutia valderrama
valdovinos vanegas velarde viera villagomez villagran villalba villalpando villasenor vizcarra xicotencatl ybarra yepez zaldivar zambrano zubizarreta zuleta
zurita bandeira baptista beltrao bento bittencourt cabral caldas carvalhal castanheira chaves coutinho damasceno diniz ferraz figueira filgueiras fragoso franca
frazao garcez gaspar lage leitao lessa lisboa lobato madeira matias mello mourao nobrega noronha novais palmeira parente patricio pedrosa penha porto prates
prestes quaresma rabelo rezende seixas severo sobral sobrinho souto tenorio valadares valadao vasconcellos veiga velloso ventura villela accardi aiello alaimo
albanese alessi alfano amadei amico amoroso angelini arcuri aresu avallone baldi balestra ballarin barbato barbera barrese bartoli basso benassi berardi
bertolini bertoni bettini biagi bianchini bocca bologna bonfanti bonomi borelli borghi boschi bosco bottini brambilla brancaccio brunetti buonocore busetto
calabrese calabro cardinale carli carlini caroli carpinelli carrara casadei casale cavallaro cavalli cecchi cerri chiesa ciccone cipriani coletta colonna
corsini corti cozzi cremonesi crespi cuomo damiani dattilo delfino diana dibenedetto dimaggio donnarumma fabbro fanelli farinelli fasano federici felici ferrero
fiorentino fiorini forte fortunato franceschi franchi franzoni gabrielli gagliardi galimberti gandolfi gasparini gatto gentili germano gervasi ghezzi giannini
giglio girardi giuffrida giusti grandi granata graziani grillo grossi guarino guerrini gullo iannone ianni lafata lamberti landi lanza leoni lucchesi luciani
maio mancuso manna manzoni marchese marchesi marinelli masi massa mastroianni mazzoni micheli migliore mollica montesanto morabito morandi moroni moscatelli
mura murgia musso nardi natale nobile olivieri orlandi orsini ottaviani paci padovani pagani panico papa parodi pasini pasquali perego perri pesce petrone
picone pinna pisano pizzo pizzuto poggi proietti quagliarella raimondi rocca rocchi romagnoli ronchi rosi rossini rota ruocco sabatini salvatori santangelo
scala scalise schiavone scotti sforza soldati spadaro spampinato spinelli stefani tagliabue tancredi terranova testi troiani tucci turco viale vianello vinci
viola visconti viviani zago zambelli zanoni zappala zuccaro aalders akkerman baars beekman bleeker boersma bogaard bolt boogaard brandsma buijs cools derksen
doorn duijn fransen geerts hendriksen heijden hofstra holtrop hoogendoorn ivens jongeneel kaptein kolk kooij koopman kroon kuijpers lammers leeuw mol nijland
noordhoek otten reijnders rietveld riemersma roos rutten schippers sikkema smit spijker sterk stolk stuivenberg swinkels teunissen theunissen tuinstra
vandenberg vandenberghe vandermeer vandamme vanhoutte veldman verbeke verhagen verschuren verstappen verstraete vissers vroom wagenaar wal westra wevers wiersma
wijnen winkel wit wolters zandstra zijlstra aaberg aagaard aasen abrahamsson ahlberg ahlgren alm almqvist andreassen arvidsson asplund backlund backman
bengtsson bergqvist bjerregaard blomqvist boman brekke brodersen claesson dahlgren dahlin dahlstrom danielsson edvardsen ekberg ekman ekstrom eliasson ellingsen
engebretsen evensen fjeld forsberg forsman fosse fredriksson frandsen gabrielsson gran granberg gundersen haagensen haugland haukeland hedberg hedman helgesen
hermansson hjelm hjorth holmqvist holmstrom hoglund jeppesen jespersen jonasson juhl kjaer knutsen kofoed kristoffersen krogh lassen larsson laursen lie lindahl
lindblom lindegaard ljung ljungberg lofgren lundstrom lykke magnussen martensson martinsen mathiasen mathisen melin moberg mogensen molin mortensson munk
mykland naess nakskov nikolaisen nissen nord norgaard nyholm odegaard ohlsson olofsson oskarsson ottosen overgaard ravn riis ronning rosenqvist rud ruud
sandstrom schou sivertsen sjogren sjostrom skoglund skov soderberg soderlund soderstrom solheim stenberg strandberg stromberg sundstrom thomassen thygesen tveit
vik vinther wahlstrom westberg westergaard wiklund winther akerman aarnio ahonen alanen aro eerola eskola haapala hakala hakkinen halonen hannula harju
hartikainen heikkila heiskanen helenius hietala hiltunen hirvonen holopainen honkanen huhtala huttunen hyvonen hamalainen hanninen ikonen immonen jaaskelainen
jalonen jarvela jokela jokinen juntunen karhu karjalainen karppinen karvonen kauppinen keranen kettunen kivela kiviniemi koivisto koivula kokkonen korpela
koskela kosonen kukkonen kuusisto laakso lahtinen lampinen lappalainen lassila leinonen leppanen lindroos linna lipponen luoma malinen manninen martikainen
matikainen miettinen moilanen mustonen myllymaki nevalainen niemi niskanen nurmi nurminen nyman ojala oksanen ollila paananen paavola pakarinen partanen peltola
peltonen pennanen pesonen pietila pirinen pitkanen pulkkinen puustinen raatikainen rantala rasanen rautiainen rinne rissanen ronkainen ruotsalainen saarela
saarinen salo seppala seppanen sillanpaa sipila sirvio suominen tamminen tanskanen tarkiainen timonen tolvanen torvinen uusitalo vaananen vainio valtonen
vanhanen vartiainen vesterinen viitala vuori ylonen banas bielecki brzeczyszczykiewicz bukowski chojnacki chrzanowski czajka dabrowiecki golab gorecki
grzybowski gutowski janik janiszewski jozwiak kedzierski kolodziejczyk konieczny kotowski kowalik koziol krakowiak krupinski kulesza kurowski lipinski madej
malecki marcinkowski markiewicz marszalek matuszewski matysiak mroczek mrozek niemiec olejniczak olejnik owczarek pajak paluch popiolek pruszynski ratajczak
rosinski rozanski rybak sienkiewicz skowronski sobolewski socha stefaniak szczepanik szczesny szymborski tomczyk trojanowski wasik wawrzyniak wierzbicki
winiarski wojcicki wolski wrona zaremba zarzycki zawistowski zmuda zuk zurek zych adamec balaz bartos bartosova beranek blaha bohac brabec brezina bures capek
cech cervenka cihak cizek dostal drabek dusek fiser fousek hanus havel havelka havlicek havranek hejda holub horacek hruby hrdlicka hudec hynek janda janecek
janousek jezek jirasek kalina kaspar klima kopecky koubek koudelka kovarik kratky krejcik kriz kubat kubicek kudrna kvapil lacina liska macha machacek malek
mares masek matejka matousek mica mikulas moucha navratil nejedly nemecek nemcova nesvadba odehnal pavlik pazdera pech pelikan petrzela polacek pospisil ptacek
reznicek riha rybar sebesta sedlak simek sindelar slavik smejkal soucek soukup stastny stejskal stepanek strnad svec tichy toman tomasek trnka tuma urbanek
vacek valenta vanek vavra vitek vlasak vlcek vodicka volf vondra vondracek vrana zahradnik zapletal zika adamik balog benko bielik durica gajdos hlavac kacer
kollar kucharik kukla lukac majer matula mihalik oravec polacik puskas repka sabo sedlar simko slovak sokol stefanik sykorsky tkac valent vrabel zelenak andrei
antonescu apostol baltaretu banica barbulescu bejan branzei buzatu calin campean capatana carstea chiriac chiru cioban ciocan coman cosma costache crisan
croitoru damian danciu danila dragan dumitrache dumitrascu ene farcas filip florescu fratila gavrila gherman ghita grigore grosu hategan iancu ichim ilie ionita
iosif istrate luca maftei marcu mihalache mircea mitrea moldoveanu morar moraru nastase neacsu negrea negru nica nita oancea olaru olteanu pana pascu pavel
petcu petre petrescu pintea pirvu pop popovici rosu rotaru rus sava savu simion sirbu stefanescu stoian teodorescu tudose turcu vaduva vlaicu voinea zaharia
zamfir antal bakonyi bakos balla bansagi baranyi bartha biro bodo bognar boros borsos csizmadia csonka deak dobos domokos dudas egri erdelyi farago fazekas
fehervari feher fodor fulop gyore gyori hajdu halmi hegyi jakab jonas kadar kalman kanyo kelemen keresztes kerekes kiraly kormos kosa kozma kun lantos laszlo
lengyel lorincz makai marton mate matyas mezei miklos mohacsi nemes orosz orsos palfi pasztor pataki pinter ronai rozsa santha sarkadi sarkozi sebestyen soos
suto szanto szasz szekeres szigeti szoke szuts tamas vadasz vajda varadi vegh vida zsiga aleksic andric andrejevic antic bajic banovic barisic bilic blagojevic
bogdanovic boskovic bozic brankovic budimir cosic cvitan cvijanovic danilovic denic despotovic djordjevic djuric duric gajic gavrilovic golubovic grgic grubisic
gvozdic hadzic hodzic horvatic ivankovic ivkovic jakic jelic jerkovic jovic juric jurkovic karadzic kekic klaric kolaric kosanovic kovacic kralj krstic
kuzmanovic lazarevic lazic lovric lukacevic majstorovic maric marjanovic maslac matic matijevic mijatovic mikulic milanovic mitrovic mladenovic nedic obradovic
orsic pavic pejic perkovic petric radovic rajic rakitic savic sokolovic stanic subotic tadic tesla todorovic tosic trajkovic urosevic vasic vidakovic vidic
vidovic vlahovic vranjes vucic vukasinovic vukic vuksic zoric kranjc krajnc hribar golob kavcic koren kotnik mlakar oblak pirc potocnik rupnik vidmar zajc zupan
zupancic petek bizjak hocevar abdullayev agafonov akimov aksenov alekseev anisimov arkhipov belousov belyaev blinov bykov chernyshev davydov denisov dmitriev
dorofeev efimov emelyanov ershov evdokimov filatov filippov fomin gerasimov golovin gorbunov gromov gusev guskov ignatov ilyin isaev kalashnikov kalinin kazakov
kharitonov klimov kolesnikov kondratiev konovalov konstantinov korolev kovalev krasnov kravtsov krylov kudryavtsev kulikov kuzmin lapin loginov lukin marchenko
markov martynov maslov melnikov mishchenko molchanov mukhin naumov nazarov nekrasov nikiforov nikonov nosov odintsov osipov panfilov panov petukhov potapov
pushkin rodionov romanenko rudenko rusakov ryabov samoilov saveliev semyonov serov shcherbakov shubin simonov sobolev starodub suvorov sysoev tereshchenko
tikhonov timofeev tretyakov trofimov tsvetkov ulyanov ustinov voronin voronov yashin yudin zhdanov zimin zotov zuev zverev zvereva abebe acheampong adeleye
adewale adeyemo adjei agyeman agyemang aidoo akinyemi akuffo amponsah ansah antwi ashong awuah bediako botha chigumbura conteh dangote darko dieng diouf doumbia
duah ejiofor ezekwesili gaye gebre gyamfi haile hlongwane ike jalloh kabila kagame kasongo kipkorir kouyate kuffour kunene kyei mabuza madueke madonsela makgoba
makhubela malema maphosa mashaba masondo mathebula mazibuko mbokazi mboya mchunu mgijima mlambo mnguni modise mohlala molefe moloi mphahlele msimang mtshali
mukwevho museveni mutasa mwamba nnamdi nxumalo nyirenda obeng ofori ojukwu okwuosa olawale osinbajo oyelowo phiri prah pretorius radebe rakotomalala rasoanaivo
sall shabalala sibiya sidibe steyn tesfaye venter viljoen vilakazi wanyama xaba zondi zungu abiera abella agbayani aguinaldo atienza balagtas bernardo bonifacio
buenaventura cabangon catacutan cojuangco concepcion dalisay dimagiba galang gatdula lacson lapuz legaspi lorenzana macapagal macaraeg magbanua malabanan
pangilinan quiambao quirino recto salonga samonte kurniawan suryadi nasution simanjuntak sihombing hutapea lubis sitompul harahap utami wulandari handayani
susilo prasetyo ramadhan firmansyah hakim putri halim salim tanuwijaya abdelnour abiad abou aboud aftab ahmadzai akbari alhassan almasi amini anwar aslam assaf
aswad atassi awad ayoub azar azzam baghdadi bahrami barakzai bari basha bayat bazzi bishara boutros boulos chehab chamoun darwaza dawood ebadi eid elmasri emami
esfahani fakhoury fares farooqi farouk gemayel ghafari ghani ghazali ghazi hadid hanafi hanania haqq hatem heydari hosseinzadeh ibrahimi ilyas ismail jalali
jamali jumblatt kanaan karam karami karzai kazemi khalil khamenei khayat lahoud latif mahfoud mansur mazari mirzaei moghaddam mohammadi mousa murad mustafa
nader naim nasrallah nouri obeid omar othman pahlavi qadri qureishi rabbani rafsanjani rashidi rostami saab saadi sabbah safavi sahraoui samadi sharifi shirazi
shahin siddiqi soltani taleb tehrani tlass tuqan usmani wahidi yazdi zahir zarif zayat ziad zoghbi
`
