package masking

// moreFamilyNames goes on where familyNames ends.
const moreFamilyNames = `
acar akbas akbulut akdeniz akgul akin akkaya aksoy aksu aktas akyol albayrak alkan alp altin altintas arikan arslan aslan atalay
atas ates avci ayaz aydemir aydin aydogan aygun bal balci basaran bayram bayrak bektas bilgin bilgic bingol bozkurt bulut buyuk
calik can candan cakir cakmak celik ceylan cetin cetinkaya cinar coban coskun cosar dag dal demir demirbas demirci demirel demirkan
demirtas deniz dincer dogan doganay dogru durmaz dursun duman duran ekici ekinci elmas er erdem erdogan eren ergin ergul ergun
erkan erol ersoy ertugrul eryilmaz esen filiz gedik genc gok gokce gokmen gul guler gultekin gumus gunay gundogdu gunes gungor
guney gurbuz gursoy guven guzel ince inan ipek isik kaplan kara karaca karadag karagoz karahan karakaya karakoc karakus karaman
karatas kartal kavak kaya kayhan keles kerimoglu keskin kilic kilinc kirmizi koc kocak kocaman korkmaz koroglu kose kurt kus kutlu
macit mutlu okur oner oral orhan oz ozbek ozcan ozdemir ozden ozer ozgur ozkan ozkaya ozmen ozturk ozyurt parlak pek pekcan polat
sahin sari saglam sarikaya savas sen sener senturk sezer simsek sonmez soylu sozer tan tas tasci tasdemir tastan tekin temel temiz
tok toprak topal topcu tosun tuncer tunc tuna turan turk turkmen turkoglu ucar uguz ulusoy unal unlu uslu ustun uygur uysal uzun
varol vural yalcin yaman yasar yavas yavuz yazici yener yesil yesilyurt yetkin yigit yildirim yildiz yildizhan yilmaz yoldas
yucel yuksel yurt zengin
abbasi abdallah abdi abdo abdullah abouzeid adeel afzal ahmadi akhtar akram alami alawi alavi albaz alfarsi alghamdi alhadi alharbi
alhashimi aljabri almansouri almasri almutairi alotaibi alqahtani alrashid alsayed alshehri alzahrani amiri anjum ansari asghar
ashour ayad azimi aziz badawi bakri barakat bashir baz belhaj belkacem benali benjelloun bennani bensalem berrada bhatti bouazza
bouzid butt chaudhary chaudhry cherif daher darwish dib diab ebrahimi elamrani elbaz elfassi elhassan elidrissi elmasry elmansouri
elsayed elsisi farahani farooq fayed ghanem gharbi ghazal ghorbani habibi haddad hadjadj hakimi hamdan hamdi hammoud hariri hashemi
hashmi hassani hijazi hosseini houssein husseini iqbal issa jaber jabbar jafari javed jebali kabbani karimi kassem kazmi khalaf
khalifa khan khatib khattab khoury lahlou maalouf mahdavi mahfouz mahmood mahmoudi malik mansour mansouri masood masri matar mehmood
mirza moradi mousavi mubarak mughal najjar nasr nasri nassar nasser naseer nazari noorani omari osman qasimi qureshi rafiq rahim
rahimi rahman rahmani raza rezaei riaz sabbagh sabri sadeghi saeed saidi salama saleh salehi saleem saqr sayed shaheen shah shaikh
shalaby shamsi sharif sheikh siddiqui soliman tabari taheri tantawi tariq tawfik younes younis yousaf yousef yousefi zaidi zaki
zaman zamani zayed ziani zidan zouari
acharya agarwal aggarwal agrawal ahluwalia amin anand apte arora aurora bajaj bajpai bakshi balakrishnan banerjee bansal barua basu
batra bedi bhagat bhagwat bhandari bharadwaj bhardwaj bhargava bhasin bhat bhatia bhatnagar bhatt bhattacharya bhattacharjee bhosale
biswas bora borkar bose chadha chakrabarti chakraborty chandran chandrasekaran chatterjee chaturvedi chauhan chawla chhabra chopra
choudhary choudhury chowdhury dalal das dasgupta datta dave deol desai deshmukh deshpande devgan dewan dhar dhawan dhillon dixit
dogra doshi dubey dutt dutta dwivedi gade gaikwad gandhi ganesan ganguly garg gawande ghosh gill goel gokhale gopalakrishnan gopinath
goswami gowda goyal grewal guha gupta handa hegde iyengar iyer jadhav jain jaiswal jha joshi kadam kakkar kamath kamble kannan
kapadia kapoor kapur kar karnik kashyap kaul kaur khanna khatri khosla khurana kohli kothari krishnamurthy krishnamurti krishnaswamy
kukreja kulkarni kumar kumaran lad lal lamba lele luthra mahajan maheshwari mahato majumdar malhotra mandal mani mathur mehra mehrotra
mehta menon mishra misra mitra modi mohanty mukherjee mukhopadhyay mundra murthy murty nadar nadkarni nagarajan naidu naik nair
nambiar nanda narang narayanan narula nath natarajan nayak nayar nigam oberoi ojha padmanabhan pai pal panda pandey pandit pandya
parekh parikh parmar parthasarathy pathak patil patel patnaik patwardhan pillai prabhu prasad pujari puri purohit raghavan raghunathan
rai raina raj rajagopal rajagopalan rajan rajput raman ramachandran ramakrishnan ramanathan ramaswamy rana ranganathan rao rastogi
rathore rathod rawat ray reddy roy sachdev sachdeva sahni sahoo sahu saini salunkhe saluja sampath sandhu sane sankaran sarin sarkar
sawant saxena sehgal sen sengupta seth sethi setty shah shankar sharma shastri shekhar shenoy shetty shinde shukla sidhu singh singhal
singhania sinha sivakumar sodhi solanki somani sood soni sridharan srinivasan srivastava subramaniam subramanian sundaram suri swamy
swaminathan talwar tandon taneja tata thakkar thakur thapar thomas tiwari tomar tripathi trivedi tyagi upadhyay vaidya varma varghese
vasudevan venkataraman venkatesan verma vij vora vyas wadhwa walia yadav
abe adachi akiyama amano ando aoki aoyama araki arai asai asano azuma baba chiba doi endo enomoto fujii fujikawa fujimoto fujimura
fujita fujiwara fukuda fukui fukushima furukawa furuta goto hamada hamaguchi hara harada hasegawa hashimoto hattori hayakawa hayashi
higashi higuchi hirano hirata hirose hirota honda hori horiuchi hoshino hosokawa ichikawa iguchi iida iijima ikeda imai imamura inada
inagaki inoue ishida ishiguro ishihara ishii ishikawa isobe ito iwai iwamoto iwasaki iwata kagawa kajiwara kamei kamiya kanai kaneda
kaneko kataoka katayama kato kawabata kawada kawaguchi kawai kawakami kawamoto kawamura kawano kawasaki kawashima kikuchi kimura kinoshita
kishimoto kitagawa kitamura kobayashi koga koike koizumi kojima komatsu kondo konishi konno koyama kubo kubota kudo kumagai kurihara
kuroda kurosawa kuwahara maeda maekawa makino maruyama masuda matsubara matsuda matsui matsumoto matsumura matsuo matsuoka matsushita
matsuura mikami minami miura miyagi miyake miyamoto miyata miyazaki miyazawa mizuno mochizuki mori morikawa morimoto morita moriyama
motoyama murakami muramatsu murata muto nagai nagano nagao nagata naito nakagawa nakahara nakai nakajima nakamoto nakamura nakanishi
nakano nakao nakashima nakata nakatani nakayama nakazawa narita nishi nishida nishikawa nishimoto nishimura nishino nishioka nishiyama
noda noguchi nomura ochiai oda ogasawara ogata ogawa ogura ohashi ohno ohta ohtani oikawa oishi okabe okada okamoto okamura okazaki
okubo okuda okumura ono onishi onoda osawa oshima ota otake otani otsuka ozaki ozawa saeki saito sakaguchi sakai sakamoto sakata sakuma
sakurai sano sasaki sato sawada segawa sekiguchi shibata shibuya shimada shimamura shimizu shimoda shinohara shirai shiraishi sonoda
suda sugawara sugimoto sugiura sugiyama suzuki tachibana tada taguchi taira takada takagi takahashi takahata takano takeda takemoto
takenaka takeshita takeuchi takizawa tamaki tamura tanabe tanaka tani taniguchi tashiro terada terashima tokuda tominaga tomita toyoda
toyota tsuchiya tsuda tsuji tsukamoto tsutsui uchida uchiyama ueda uehara uemura ueno umeda urata usui wada watanabe yagi yamada
yamagata yamaguchi yamakawa yamamoto yamamura yamanaka yamaoka yamasaki yamashita yamauchi yamazaki yano yasuda yokota yokoyama yoneda
yoshida yoshikawa yoshimura yoshino yoshioka
ahn bae baek byun chae cheon cho choe choi chun chung gong gwak han heo hong hwang jang jeon jeong jin joo jung kang kim ko koo kwak
kwon lee lim min moon nam noh oh paik park rhee rho roh ryu seo shim shin sim sohn son song suh sung uhm woo yang yeo yoo yoon you yu
cai cao chan chang chao chau chen cheng cheung chia chiang chin chiu chong chou chow chu chua cui dai deng ding dong du duan fan fang
feng fong fu gan gao ge geng goh gong gu guan guo hao he ho hou hsieh hsu hu hua huang hung jia jiang jiao jin kang kong kuang kuo
kwok lai lam lao lau leong leung li liang liao lim lin ling liu lo long lu lui luo lv ma mao meng mo mok ng ngai ni ning niu ong ou
ouyang pang peng poon qi qian qiao qin qiu quan ren ruan shan shao shen shi shum si situ su sun sze tai tan tang tao teo teng tian
tong tsai tsang tse tsui tu wan wang wei wen weng wong woo wu xi xia xiang xiao xie xin xing xiong xu xue yam yan yang yao yap ye yeung
yi yin yip yu yuan yue yuen yung zeng zhan zhang zhao zheng zhong zhou zhu zhuang zhuo zou
bui cao dang dao dinh doan dong duong han ho hoang huynh kieu la lam le luong luu ly mac mai ngo nguyen nghiem ong pham phan phung quach
quan ta tang thai to ton tong tran trieu trinh truong tu vo vu vuong
abara abdullahi abiodun abubakar achebe adebayo adebisi adegoke adeleke adeniyi adeyemi adeyinka adichie adeoye adesanya afolabi agbaje
agu ajayi ajibade akande akinola akinwale akintola akpan alabi aliyu amadi amoah ampofo anyanwu appiah arinze asamoah asante awolowo
ayodele azikiwe baako babangida balogun bamgbose banda bangura bankole bello boakye boateng buhari camara chanda chibuike chikwanha
chirwa chukwu chukwuma coulibaly danjuma danso dembele diallo diarra dike diop dlamini dogbe ebeku edem effiong egwu ekwueme eke ekpo
emecheta essien eze ezeh ezenwa fagbemi faye fofana gachanja garba gitau gowon gueye gumede ibekwe ibe ibeh idowu igbo igwe ikpeazu
iwu iwuchukwu jatta kamara kamau kanu kariuki keita kenyatta khumalo kimani kipchoge kiplagat koffi konate kone koroma kuti kwarteng
lawal mabaso maina makinde makoni mandela mahlangu maseko mbeki mbatha mensah mhlongo mkhize mokoena moyo mthembu mudenda mugabe musa
mutua muthoni mwale mwangi mwanza mwaura nakamba ncube ndiaye ndlovu ndong ndukwe ngcobo ngoma ngugi ngwenya njoku njoroge nkansah nkosi
nkrumah nkuna ntuli nwachukwu nwankwo nwosu nyambura nyong nzimande obasanjo obi obiora ochieng oduya odinga ogbonna ogunbanjo ogunleye
ogunsanya ogundipe ojo okafor okeke okereke okoli okon okonkwo okorie okoro okoye okpara oladipo olaniyan olatunji olayinka oloruntoba
oluwole omondi omotoso onwudiwe onyango onyeka opoku osagie osei oshodi otieno ouattara oumarou owolabi owusu oyelaran oyewole
quartey sackey sankara sanogo sarpong sesay shabangu shezi sibanda sissoko sithole sow soyinka sowande sy tambo tembo tetteh toure traore
tshabalala tutu uche udeh udoh ugwu umeh usman uzoma wachira wanjala wanjiru yakubu yeboah zulu zuma zwane
alexiou anagnostou andreou antoniou apostolou argyriou athanasiou christodoulou christou dimitriou dimopoulos economou evangelou galanis
georgiadis georgiou giannopoulos hatzis ioannidis ioannou kalogeropoulos karagiannis katsaros konstantinidis konstantinou kosta
koutsoukos kyriakou lambrou makris markou mavros michailidis mitsotakis nikolaidis nikolaou oikonomou panagopoulos panagiotou papadakis
papadimitriou papadopoulos papandreou papageorgiou papanikolaou pappas pavlidis petridis petrou samaras sideris stavrou theodorou
theodoridis triantafyllou tsakiris tsipras tzanis vasileiou vlachos xenakis zafeiropoulos
aerts bakker beek berends bergman blom boer bogaert bos bosch bosman bosmans bouwman brouwer bruijn claes claessens cornelissen
coppens dekker desmet devos deboer dejong devries deboeck dijk dijkstra dijkman driessen drost dubois eijk engels evers faber
gerritsen goossens groen groot haan hendriks hendrix hermans heuvel hoekstra hofman huisman jacobs jaspers jansen janssen janssens
jong jongen kok koning koster kramer kuiper kuipers lambrecht leeuwen linden maas maes martens meer meijer mertens meulen michiels
molenaar mulder nijhuis noort ooms oosterhuis peeters pauwels poels postma prins rooij ruiter rijn schouten segers smeets smet smits
snijders stevens thijssen timmermans veen veenstra velde verbeek verhaegen verhoeven verhulst vermeer vermeulen verschueren visscher
visser vliet vos vries wijk willems willemsen witte wouters zwart
bagus gunawan hartono hidayat kusuma lestari maulana nugroho pangestu permana pratama purnomo putra rahayu saputra santoso setiawan
siregar suharto sukarno sulistyo susanto sutanto suwandi tanoto utama wibowo widjaja wijaya winata yudhoyono
aquino bautista dacosta delacruz delrosario delossantos dimaculangan magsaysay manalo mangubat pacquiao panganiban pascual quizon
reyes santos tolentino villanueva chaiyaporn charoensuk srisai suwannarat thongchai wattanapong
abramovitz avraham azoulay bendavid bengurion biton dahan eliyahu feldman friedman goldfarb greenberg gabay hadad katz kaplan levi levin
malka mizrahi ohana peretz rabinovich rosen rosenberg rosenthal rubin segal shapira shapiro sharon stern weinberg yosef zilberman
baranyai balogh barta bodnar farkas fekete gal gulyas halasz hegedus horvath illes juhasz katona kis kiss kocsis kovacs lakatos lukacs
magyar meszaros molnar nagy nemeth olah orban papp rac racz sandor simon sipos somogyi szabo szalai szekely szilagyi szucs takacs toth
torok varga veres vincze voros
albu alexandrescu anghel ardelean avram balan barbu bogdan botezatu bratu bucur ciobanu cojocaru constantin constantinescu cozma
craciun cristea dima dinu dobre dragomir draghici dumitrescu dumitru enache florea georgescu gheorghe gheorghiu grigorescu iacob
ionescu iordache ivan lazar lungu lupu manea manole marin marinescu matei mihai mihailescu mocanu moldovan munteanu muresan neagu
nedelcu nicolae nicolescu nistor oprea paraschiv popa popescu preda radu radulescu rusu sandu serban stan stanciu stanescu stefan
stoica suciu tanase toma tudor ungureanu ursu vasile vasilescu vlad voicu
`
