package masking

// plainThings are words in lower case that make a thing of the name before them, and that are
// no verb of a person.
const plainThings = `
pattern furniture season awards typeface typefaces font fonts moon moons planet asteroid galaxy language languages package packages orbits orbit compiler library wallpaper
flag poster van letters furniture nuts bolts lamps bears goat wren warrant trial peaches standard skills components gems classes mixins
flights shirts shirt wallet bag tote polo jacket sandals study bourbon whiskey vodka rum wine wines puppies kittens apples sandwich
jewellery jewelry clothing cosmetics fragrance collection outfit sofa sofas lens lenses tractor tractors truck trucks reactor
pharmacies supermarket supermarkets coupons coupon newspaper magazine edition editions bourse stock stocks shares bonds quartet quintet
franchise sequel remake trilogy saga soundtrack musical opera novels constellation crater meteor comet nebula
museum postcode suburb beaches hotels airport station trains stadium harbour harbor coastline
`

// plainNouns are more nouns that make a thing of a given name at the start of a sentence.
const plainNouns = `
law laws channel series rule image winner nominee hound moose dog cat show code test service house key box group line book page card plan stone hill store shop map model
unit form file table list hotel school room street road river lake island town city county district band album song track single film movie comic doll toy game
team club cup trophy rally race bank card fund index report tool tools server project group system method test law model rate ratio score point points value values
oil bread cheese rice tea beer wine soup cake salad chicken fish coat dress skirt chair desk lamp knife tree trees bush seeds soil storm flood wind
`

// wares are what a brand with a form of address in its name is of.
const wares = `
cakes pies sausages burgers ribs cleaners cleaner sponges sponge syrup insoles soda seasoning pizza pizzas cookies donuts doughnuts bourbon whiskey noodles ketchup mustard detergent shampoo toothpaste
cereal icecream toffees pretzels crisps biscuits
`

// phrasesOfThings are two words, without their space, that are not a name together.
const phrasesOfThings = `
lazysusan jollyroger plainjane peepingtom averagejoe smartalec simplesimon doubtingthomas evensteven auntsally dearjohn blackmaria typhoidmary sloppyjoe
johnnyappleseed johnnycakes johnnycome bobbypins bobbysocks jackof jackrussell jackup jackin nickof eveof billygoat jennywren tomcats tomcat jerrycan jerrycans
mollybolts pollywants pollyput joepublic joebloggs joeschmo joesixpack johnqpublic rosiethe rosieriveter bobup bobsyour robbanks chuckout joshabout josharound joshing
peterout patdry markup markdown drewattention patdown jimmythe willpower maydays maypole toddycat nancydrew mickeyfinn jumpingjack steadyeddie nosyparker
traderjoe traderjoes papajohn papajohns papamurphy littlecaesar bobevans jimmyjohn jersymike jerseymike carlsjunior benjerry thomascook thomaspink
thomastank baskinrobbins levistrauss johnshopkins katespade toryburch marcjacobs philipmorris elililly jimbeam johndeere fordmotor albertheijn leroymerlin
jeronimomartins jeancoutu harveynorman fredmeyer peterhahn janlinders dirkvan marksspencer marksand harristeeter dicksporting hamleystoys johnsonmatthey
claudecode claudeopus claudesonnet claudehaiku heysiri heyalexa asksiri askalexa heycortana okgoogle victormono franklingothic gillsans stevemadden vincecamuto
michaelhill ericacarle vivienneweste vivienwestwood laurashley lauraashley cathkidston joemalone jomalone emmabridgewater dorothyperkins mossbros
alexandermcqueen oscarrenta donnakaran dollygabbana elietahari annetaylor anntaylor lanebryant perryellis geoffreybeene kennethcole nicolemiller nicolefarhi
jimmychoo manoloblahnik christianlouboutin stuartweitzman colehaan allenedmonds hermanmiller charleseames edwardgreen johnlobb tomford
tomthumb tomcollins robroy davyjones harveywallbanger mariecallender jimmydean oscarmayer chucke docholliday mrkipling mrsheen tonyroma ruthschris carlsjr juliacode marcelwaves paisleypattern
rosettastone nathanhot taylorseries undmoritz jaggededge grahamcrackers felixcat billybookcase billyshelf allenkey annarbor maxmara jilsander karlstorz axelspringer pierrecardin albertcuyp janbreydel alberthall kingedward hansim peterund maxund undmoritz undmike willemii donsimon rudolfwild sallyforth piercethe mikecheck aliceblue claudeapi claudemodels claudepro donaldduck vernonhills oliverbonacini carolconcert carolservice luckystrike marthastewart lucastest martinboxes timothyhay wendyhouse
tommygun bettyboop mollymalone pollypocket dorathe bobthe thomasthe peppapig annefrank
`

// wordyNames are given names that are a machine more often, when they are alone.
const wordyNames = `
alexa siri cortana
`

// wordyPlaces are given names that are a country or a city first.
const wordyPlaces = `
chad jordan kenya israel india china ireland paris london berlin vienna milan cairo dakota nevada houston dallas denver seattle
`

// wordGiven are given names of Wales, and names that are words too.
const wordGiven = `
huw catrin eleri dafydd rhiannon gwilym llinos angharad cerys carys ffion megan nerys rhodri gethin iolo emyr eifion geraint hywel iorwerth llyr owain
aled alun bethan branwen buddug dilwyn dilys efa elen elin eluned emlyn ffraid glenys goronwy gruff gwenllian gwyneth heledd idris ieuan ifor lowri mair
mared meirion mererid merfyn nest nia non olwen osian peredur rhys sian sioned sion tegan tegwen tomos tudur
sky skye storm art
`

// welshFamily are family names of Wales.
const welshFamily = `
prydderch gruffudd gruffydd llewellyn llywelyn pryce bebb rees prosser gwynne bevan probert parry penry pugh protheroe cadwaladr vaughan bowen
`

// verbsOfPersons are verbs after the name of a person.
const verbsOfPersons = `teaches chairs leads coaches manages owns took brought ate drank fed fixed`

// moreKanji are Japanese family names with the sign that repeats a letter.
const moreKanji = `佐々木 野々村 佐々 佐々原 野々山 野々口 奈々村 酒々井 寿々木 代々木 江々 等々力 日々野 早々 多々良 古々本 須々木 鈴々木 菅々谷 七々扇 百々 久々湊 久々宮 見々`

// moreKanjiGiven are Japanese given names with that sign.
const moreKanjiGiven = `奈々 奈々子 奈々緒 奈々美 奈々恵 菜々 菜々子 菜々美 菜々緒 寧々 寧々花 美々 鈴々 凛々 凛々子 凛々花 瑠々 瑠々花 萌々 萌々香 萌々花 萌々子 桃々 桃々花 桃々子 野々花 野々香 寿々 寿々子 珠々 心々 心々菜 那々子 那々`
