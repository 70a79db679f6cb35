package masking

// wordList is words that have the same flags.
type wordList struct {
	words string
	flags flags
}

func wordLists() []wordList {
	return []wordList{
		{givenNames, given},
		{moreGivenNames, given},
		{familyNames, family},
		{moreFamilyNames, family},
		{weakNames, weak},
		{syllables, syllable},
		{phrases, phrase},
		{greetings, calls | greets},
		{greetingWords, calls | greets},
		{closings, closes},
		{rankWords, calls},
		{roleWords, role},
		{honorifics, honorific},
		{moreSpeech, speech},
		{moreTitles, title},
		{rareGivenNames, given},
		{rareFamilyNames, family},
		{cyrillicGiven, given},
		{cyrillicFamily, family},
		{greekNames, given},
		{arabicNames, given},
		{hebrewNames, given},
		{hindiNames, given},
		{thaiGiven, given},
		{hanFamily, family},
		{chineseGiven, syllable},
		{japaneseGiven, given},
		{koreanFamily, family},
		{koreanGiven, given},
		{koreanSyllables, syllable},
		{scriptWords, role},
		{scriptTitles, title},
		{scriptGreetings, calls | greets},
		{scriptAfter, honorific},
		{scriptCommon, common},
		{englishWords, common | noun},
		{moreCommonWords, common},
		{placeNames, common},
		{leadPlaces, place},
		{organisations, place | label},
		{morePhrases, phrase},
		{brandNames, brand},
		{moreWeakNames, weak},
		{goodWords, good},
		{nameWords, naming},
		{moreRoles, role},
		{selfWords, role | calls},
		{moreCalls, calls},
		{moreClosings, closes},
		{things, thing},
		{namedThings, thing | place},
		{plainThings, thing},
		{plainNouns, noun},
		{wares, goods},
		{wordGiven, given},
		{welshFamily, family},
		{verbsOfPersons, speech},
		{phrasesOfThings, phrase},
		{wordyNames, given | weak},
		{wordyPlaces, brand | common},
		{moreKanji, family},
		{moreKanjiGiven, given},
		{labels, label},
		{nearWords, near},
		{commonWords, common},
		{foreignWords, common},
		{monthNames, months},
		{titles, title},
		{callWords, calls},
		{particles, particle},
		{placeWords, place},
		{counterWords, counter},
		{units, unit},
		{versionWords, versions},
		{eventWords, event},
		{fillers, filler},
		{speechWords, speech},
		{secretWords, secret},
		{passwordWords, secret | strongKey},
	}
}

// endingLists returns the endings of words.
func endingLists() []wordList {
	return []wordList{
		{placeEndings, place | common},
		{familyEndings, family},
		{commonEndings, common},
		{patronymics, given},
		{familyOther, family},
	}
}

// weakNames are names that are more often something else: a word, a month, a city, a
// country, a brand.
const weakNames = `
angeles
zara
holly jackson
amber joy pascal viola crystal heather heath jack gene ray warren wade norma jean autumn prudence constance charity harmony melody
mason carter cooper parker sawyer brooks chance colt drake robin gale savannah sienna chelsea
abel april archer asia august aurora austin bach bar bat ball baker banks barber bean bear best bill bird bishop black blue bond
booth bird bloom bright brook brooks brown bush burns butler can candy carter cash castle chad chance chang chapel charity
charlotte chase chelsea cherry chin china christian christ church cliff clay coal cole constant con cook cooper coral cross crystal
curry cy daisy dale dallas dawn day dean denver dick dim dong do dolly don drew duke earl early east eve ever fair faith fall fan
fang far fay fern ferry field fields fin fire fisher flint flora florence flower foley ford forest forester foster fox france frank
franklin freedom french friday frost general georgia german gill ginger glass glory gold golden gong good grace grant
green grey grove guy ham hall han hang happy hard harmony harper hart haven hay hazel he heaven henry her hill ho holiday
hong honor hood hook hope horn hot house hudson hunt hunter ice india iris israel ivory ivy jade jasmine jasper java
jay jersey jet jewel job jin jordan judge jules july june junior just key kiev kim king kings knight lake lam lance land
lane last law lee leo let li light lily lima lin lincoln linden little lo london long lord love lu luck lucky mac madison major
man mar march mark marks marina mars marsh martial mason maxim may may melody mercedes mercury mercy merit miles mill min mine
minister misty mo moon moss mu my na nan nick nice no nobel noble noel norm north nova oak ocean olive opal page paris park parks pat
patience patient pearl penny pepper perl phoenix pine piper pixel place plum polo pond pool poole poppy pope porter post power
powers price pride prince princess prior quick rain ray rays red reed rice rich rider ridge rio river rivers rob robin rock rocky rod
roman rome rose rosemary royal ruby ruin run rush rusty sage saint sal salt sand sandy santa santiago saturn savage savanna
savannah say scarlet scott sea season see self set seven sharp shell shore short sierra silver simple sing singer sky small
smart so sol son song sonny sonora south spark sparks spring stack star stark state sterling stern stone storm stout strange street
strong sue summer summers sun sung sunny sunday swan sweet sydney tai tan tab tate tax temple tesla thai than the
thin tiger to ton tong top tower town trace trinity true trust tu turn turner under unity van vance vera verity via victor
victoria vienna violet virginia vista von wall walls war ward water waters wave way webb webs well wells
wen west wester white will willow win winston winter winters wise wolf wolfe wong wood woods worth yang yes you young yu
zion zone angel angels asta athens atlas barcelona berlin bern blanco bravo brasil cairo calle camino campo
canada casa chile cordoba costa cuba dakota delta dolores echo egypt eden elba esperanza essen ester
florida fontana fuji fuente gala genoa granada guadalupe guinea haven houston ireland isla jakarta jaguar
kane kenya kobe korea kyoto lexus lisboa lotus luna lux lyon macau madrid mali malaga malta manila maya
mesa mexico miami milan milano miranda mona montana monte napoli naval nevada nike nile nova oman orion
orlando osaka oslo panama paz pizarro plata playa plaza polo porto prado prague puma quito rico roma
rosa sabina salem salvador samoa serena sevilla siena siemens sol sonata tempo toledo torino
torre troy valencia venus vera verde verona victoria vida villa viva ross wagner benz porsche philips
dell ford disney chanel dior ferrari lombardi armani gucci prada hilton hyatt chase wells fargo morgan stanley goldman sachs merrill
lynch barclays honda toyota suzuki mazda yamaha kawasaki subaru nissan mitsubishi casio hyundai kia daewoo sage oracle adobe apple
amazon ella ada ruby perl elm dart crystal haskell swift eiffel groovy scala clojure kotlin min abs sun day
jung kurz lang lange gross grosse gut hell jäger kraft mai meer mein meister neu rot schmied schnell schwarz
sommer stark still sturm teufel volk wald weber weiss will winter wolf wunderlich zimmer ernst fink freund herr herbst kaiser sauer
sonntag stein stock berg burg bauer arm alt ost nord ober stern linde engel fuchs krug topf kern eis blank frei mut heil
petit grand blanc brun gros leblanc marin moulin noel roux roi rousseau roche riviere paris
aimee blanche fleur florent parfait printemps soleil parisien france fontaine fournier boucher boulanger charpentier marchand
barbier berger chevalier constant franc joly jolie page perle personne porte prudent rose royer sage vallet
bella bianchi bianco bruni bruno conte costa fabbri ferrari fiore forte franco gallo gatti grassi greco guerra italia leone libero longo
mare marino monaco monte neri pace parisi pastore pepe piazza piccolo pini pugliese re riva rizzo romano rosa rosso russo sala santa
santoro serra silvestri sole stella testa torre valente verde vita vitale volpe villa bella gaia gioia gemma mora nero
branco leite lima maia mota nobre passos prado reis sales
vale valente vieira sol lins mar rio
bal can dag deniz dogan er gok gul gunes guven kara oz pek polat tan tas toprak umut yasar yesil yildiz yurt ece
ada ayla baris bahar canan dilek ilk ilkay okur oya sevgi ege ozgur defne ates kilic aslan
lis kot kos krol mroz wilk baran lech iga maj polak kruk sikorski
arora bose das deep dham garden guru indra jaya karma lad lal lama
lata mala mani maya mela moha moti pal panda pari prem raja rao raja rama ram
ray rishi shanti shiva singh sri surya tara tata yash yoga basu agni
ada ade ama ayo eke eze ife ime kofi neo nia obi ojo oke omo uche yaw zulu sow mali kuti
ed al art bud buddy chip dot mel mo rip rusty skip stew sy tad
wally woody ash aster avery blair brandy brook carey cary dakota devon drew eden
ever frankie gale glen harley hayden hollis justice lane lee logan
lyric marlow mason merle micah morgan parker perry quinn regan remy river rowan royce
sage shea shelly sidney storm tatum temple west wyatt
chandler dallas dale darcy delaney jersey journey
adams athlone hamilton hampton richmond dover durham lancaster washington jefferson monroe cleveland columbus clinton lexington
wellington perth adelaide darwin melbourne nelson newton kelvin hertz tesla watt joule celsius ohm
boole markov bayes fisher student poisson gamma beta omega sigma hessian 
hamming huffman kruskal bell
kafka cassandra nessie helm flink hudson maven ant tomcat jetty gradle travis circle consul vault nomad salt puppet chef
django flask jinja celery gunicorn ruby rails laravel symfony angular ember vue svelte spring juniper cisco
trent sterling dover christi mari dina vince gates jobs musk bezos
`

// syllables are Chinese, Vietnamese and other short names that are a name beside another one
// alone.
const syllables = `
li na wu xu yu ma he hu si lu lo ho ko
an bin bai bang bo cai chai chan chao che chen chi chu da dan de deng di ding dou du duo en er fa fei fen fu gan gang gao ge
gen gu guan gui guo hao hen hu hua huan hui huo ji jia jian jiang jie jing jiu ju jun kan kang ke kong ku kuai la lai lang lao le lei
leng lian liang lie ling liu lou luan lun luo mai mang mao me mei men meng mi mian ming mou nai nao ne nei neng ni nian nin ning niu nu
nuan ou pan pang pei peng pi pian pin ping pu qi qian qiang qiao qie qin qing qiu qu quan que qun ran rang re ren ri rong rou ru ruan rui
sa san se sha shan shang shao she shen sheng shi shou shu shuang shui shun si su suan sui suo ta tang tao te teng ti tian tie ting tong
tou tuan tui tuo wa wai wan wang wei weng wo wu xi xia xian xiang xiao xie xin xing xiong xiu xu xuan xue xun ya yan yao ye yi yin ying
yong yuan yue yun za zai zan zang zao ze zen zeng zha zhai zhan zhang zhao zhe zhen zheng zhi zhong zhou zhu zhua zhuan zhuang zhui zhuo
zi zong zou zu zui zun zuo bui ha hai han ly mac ngo pham phan tran trang vu vo kao ono ota oda abe ito ode ban mori hara goto kato sato doi chiba nagano
miyazaki fukushima yamagata ishikawa shimane kawasaki nagasaki
`

// commonWords are English words that start sentences and titles, and are no names.
const commonWords = `
ii iii iv vi vii viii
a about above access account action active activity actual add added additional address addresses admin after again against age
agenda ago agreed agreement ahead air alert all allow allowed almost along already also although always am among amount an analysis and
announcement annual another answer any anyone anything api app application applications apply appointment approved approval are area
around article as ask at attached attachment attempt attendee attendees attention audit auth author available avoid away baby back
backup bad balance bank based basic battery be because become been before begin behind being below beneficiary between beware beyond
big billing birth birthday blocked board body book booked booking both bottom box branch break bridge briefly bring brother build building
built business but buy by cache call called caller can cancel cancelled cannot capital car card care case caution cell central
certificate chair change changed changes channel chapter chat check checked child children choose city claim class clean clear clerk click
client clients clinic close closed cloud code come coming comment comments commit committee common company complete completed compute
computer concerning conference config confirm confirmed congratulations connect connected connection consider contact contacts content
context continue contract contractor control copy correct cost could council count country course court cover create created credit
critical crucial currency current currently customer customers daily dashboard data database date dates daughter debug dear december decide
declined default degree delete deleted deliver delivered delivery department deploy deployed deployment description design desk detail
details developer device did diet different digital dinner direct director disabled discussion display district doctor document does dog
doing done door double doubt down download dr draft drive driver drop due during each earlier early earth easily east easy edit editor
education effective either electric else email emails emergency employee employees employer empty enabled end ended engine engineer
engineering enjoy enough enter entry environment equal error errors escalate estimated etc even event events ever every everyone
everything evidence exact exam example except exception exec executive exit expected experience expert expired expires export express extra
face fact failed failure fall false family fan far fast father fax feature fee feedback feel few file files fill final finally finance
financial find fine finish first fix fixed flight floor flow folder follow followed following for force foreign forget form format
formatted former forward found four free fresh from front full fully function fund further future game gate general get gets getting girl
give given go goes going good goodbye got government graduate great greetings group grow guest guide had half hand handle happy hard
has have having he head header heading health hear heard heart heavy hello help hence her here hers herself hey hi hidden high higher him
himself his history hit hold holder holidays home hope hospital hot hotel hour hours house how however human hundred husband i id idea
identity if ignore image immediately impact important import in inbox inc incident include included including income incoming increase
index indicator info information initial inner input inside install installed instance instead insurance intern interest internal
international internet interview into introduction invalid invite invited invoice invoices is issue issued issues it item items its itself
job join joined journal just keep kept key kind kitchen know known lab label lady language large last lastly late later latest launch law
lawyer layer lead leader leads learn least leave left legal less lesson let letter level library license life light like limit limited
line link list listen live load loan local location lock locked log logged login logs long look looking looks loop lost lot low lower lucky
lunch machine made mail main maintenance major make makes making manage managed manager many map mark market master match material matter
max maximum maybe me mean means meanwhile measure media medical medicine meet meeting meetings member members memory mentor menu
merge merged message messages metadata method metric metrics might mind minimum minister minor minute minutes missing mobile mode model
modern module moment money monitor month monthly months more moreover morning mortgage most mother mountain move moved mr much multiple
museum music must my myself name named names national native near nearly need needed needs neither network never new news next nice night
no nobody node noise none nor normal normally north not note noted notes nothing notice notified now number numbers nurse object of off
offer office officer offline often ok okay old on once one ones online only open opened operation operations operator opinion option or
order ordered orders organization origin original other others otherwise our out outage output outside over overall overview own
owner owners package page paid paper parent parents part participant participants parties partner party pass passed passenger passengers
passport password past patch path patient patients pay payee payer payment payments payroll pending people per percent perfect perhaps
period permission person personal phase phone photo pick picture piece place plain plan planning plans plant play player please plus point
pole police policy poor port position possible post posted power practice pre prepare present president press pretty prevent previous
previously price primary principal print prior private pro probably problem problems process processed processing produce product
production products professor profile program project projects proof property proposal protocol provide provided provider public
publish published pull purchase purpose push put quality quarter quarterly query question questions queue quick quickly quiet quite quote
random range rate rather ratio raw re read reader reading ready real really reason receipt receive received receiver recent recently
recipient recommend record records red redirect refer reference references referral refund regarding regards region register registered
registration regular reject rejected related release released remember reminder remote remove removed renew rent repeat replace
replied reply report reported reporter reports repository request requested requests require required research reservation reserved reset
resident resolved resource respect respond response rest restart result results retry return returned returning returns review
reviewed reviewer revision right ring risk road role room root rough round route row rule rules run running safe said sale sales same
sample saturday save saved saw say saying says schedule scheduled school science scope score screen search season seat second secondary
secret section secure security see seems seen select self send sender sending senior sent sentence series serious server service
services session set setting settings setup seven several shall share shared she sheet shift ship shipped shipping shop short should show
shows side sign signature signed significant similar simple simply since sincerely single sir sister sit site situation six size sleep
slow small so social software sold solid solution some someone something sometimes somewhere son soon sorry sort sound source south space
speak speaker special specific speed spoke sport spouse staff stage standard start started starting startup state statement station
status stay step still stock stop storage store story straight strategy stream street strict strong student students study style subject
submit submitted subscribe such suggested suite summary sun super supervisor supplier support sure surely surprise survey switch system
systems table tag take taken takes talk target task tasks taught tax taxes teacher team teams tech technical technology tell temp ten tenant
tenants term terms test tested tester testing tests text than thank thanks that the their them then there therefore these they thing things
think third this those though thought thousand thread three through throughout thus ticket tickets time times tip title to today together
tomorrow tonight too took top total touch toward town track trade traffic train training transaction transactions transfer transit travel
traveller treasurer trial tried trouble true trust try trying turn two type types under underlying understand unfortunately unit units
university unknown unless unlike until unusual up upcoming update updated updates upgrade upload upon upper urgent us use used useful user
username users uses using usually valid validate value values various vendor verified verify version very via vice video view visit
visitor visitors voice volume wait waiting walk want wanted wants warm warning was watch water we weather web website week weekend weekly
weeks welcome well went were west what whatever when whenever where whereas whether which while white who whoever whole whom whose why wide
wife will win window winner winter wire wish with within without witness wondering word words work worker working works workshop world worry worse
worst would write writer writing written wrong year years yes yesterday yet you your yours yourself zero zone
alpha beta gamma delta epsilon omega sigma error fatal info warn trace debug null true false none undefined nan string int bool float
get post put delete patch head options select insert update from where join group order having limit create drop alter table
json xml html css http https url uri sql api sdk cli aws gcp azure linux windows macos android ios chrome firefox safari docker
kubernetes github gitlab slack google microsoft facebook twitter netflix amazon apple adobe oracle ibm intel nvidia paypal stripe visa
mastercard amex american english european british german french spanish italian dutch polish turkish chinese japanese indian canadian
australian mexican brazilian russian african asian arab greek swiss swedish norwegian danish finnish irish scottish welsh korean
vietnamese nigerian egyptian portuguese europe africa america asia australia england scotland wales britain kingdom states union germany
spain italy netherlands poland turkey japan brazil russia nigeria portugal switzerland sweden norway denmark finland austria belgium
greece hungary romania ukraine argentina colombia peru pakistan bangladesh indonesia thailand vietnam singapore malaysia philippines
york chicago boston seattle atlanta detroit toronto montreal vancouver manchester birmingham
liverpool leeds glasgow edinburgh dublin hamburg munich frankfurt cologne stuttgart dusseldorf amsterdam rotterdam hague utrecht brussels
antwerp zurich geneva basel warsaw krakow gdansk budapest bucharest istanbul ankara izmir moscow kyiv mumbai delhi bangalore bengaluru
chennai hyderabad kolkata pune ahmedabad beijing shanghai shenzhen guangzhou tokyo yokohama nagoya sapporo seoul busan hanoi saigon
lagos abuja nairobi accra johannesburg marseille toulouse bordeaux nantes lille strasbourg nice rouen bilbao zaragoza murcia palma
rome venice turin naples bologna palermo catania bari brisbane canberra auckland christchurch brasilia salvador recife fortaleza curitiba
guadalajara monterrey puebla tijuana bogota medellin caracas lima santiago montevideo
california texas ohio michigan illinois pennsylvania arizona oregon colorado utah alaska hawaii massachusetts connecticut maryland
minnesota wisconsin missouri tennessee kentucky alabama mississippi louisiana oklahoma kansas nebraska iowa idaho wyoming vermont maine
delaware bavaria saxony catalonia andalusia ontario quebec alberta victoria queensland
north south east west northern southern eastern western central upper lower great grand saint san santa los las el la le les
mr mrs ms miss dr prof sir madam rev hon capt lt col gen sgt phd md esq jr sr
`
