package masking

// moreGivenNames goes on where givenNames ends.
const moreGivenNames = `
adao adelaide ademir aline alexandrina amalia amaro anderson antonieta aparecida arlindo armindo augusta augusto
barbara benedita bernarda breno bruna caetano caio camila carina cassio celia celso cicero clarice claudete cleide
conceicao davi debora denilson diogo djalma duarte eder edilson edinaldo edna edson elaine eliana elias eliane
elisangela emanuel erica eunice evandro everton fabiana fabiano fabricio fatima flavio francisca gilberto gilmar gilson
giovana gisele glaucia guilherme heitor helena heloisa henrique herminio hugo iara igor inacio ingrid iolanda ivone
jacira jandira janaina jefferson joana joao joaquim jonas josue julia juliana juliano jurandir karina kleber larissa
lais leandro leonardo leticia lidia ligia luan lucas luciana luciano luiz luiza lurdes luzia maicon manoel mara marcela
marcia marcio marcos mariane marilia marlene marli mateus matheus mauricio milena milton moacir murilo nair nathalia
nelson nilson nilton nuno odete orlando osmar osvaldo otavio patricia paulo pedro rafaela raimundo raissa regina
reinaldo renan renata renato rita roberta robson rodrigo rogerio romulo ronaldo rosangela roseli rosilene rui samuel
sandra sebastiao sergio severino sidnei silvana simao solange sonia soraia tadeu tais talita tania tatiane telma teodoro
terezinha thais thaisa thalita thiago tiago ubirajara vagner valdir valmir vanderlei vania vasco vera vinicius vitor
wagner wellington wesley wilson yago yara zelia zilda
adalbert agata agnieszka aleksander aleksandra alicja alina anastazja andrzej aneta angelika anita antoni arkadiusz
artur barbara bartosz bartlomiej beata blazej bogdan boguslaw bogumila bozena bronislaw cezary czeslaw dagmara damian
danuta dariusz dawid dominik dorota edyta eliza elzbieta emilia ewa ewelina feliks filip franciszek gabriela grazyna
grzegorz gustaw halina hanna helena henryk hubert iga ignacy irena iwona izabela jacek jadwiga jakub janina janusz
jaroslaw jarek jerzy joanna jolanta jozef julian julita justyna kacper kajetan kamil kamila karol karolina kasia
katarzyna kazimierz kinga klaudia klemens krystian krystyna krzysztof ksawery lech lena leszek lucjan lucyna ludwik
lukasz maciej magdalena maja malgorzata malwina marcin marek maria mariola mariusz marlena marta marzena mateusz
michal mieczyslaw mikolaj milosz miroslaw monika natalia nikodem norbert olga oliwia oskar patrycja patryk pawel piotr
przemyslaw radoslaw rafal renata robert roman ryszard sebastian slawomir stanislaw stanislawa stefan stefania sylwester
sylwia szymon tadeusz teresa tomasz urszula wanda waldemar weronika wieslaw wieslawa wiktor wiktoria witold wladyslaw
wlodzimierz wojciech zbigniew zdzislaw zenon zofia zuzanna zygmunt
adela ales alena aleksandar aleksandr aleksei aleksey alexei alexey alyona anatoly anastasia anastasiya andrei andrey
andrij anton antonin arkady artem bedrich blanka bojan bohdan boris branislav branko bronislava danica daniil danijela
darya dejan denys dmitri dmitriy dmitry dobroslav dragan dragana dusan dunja ekaterina elizaveta emilija evgeni evgeniy
evgeny evgenia fedor fyodor galina gennady goran gordana grigory hana hristina hryhoriy igor ilia ilya inna irina ivana
ivanka ivo jana jarmila jaromir jaroslav jelena jindrich jirina jiri jitka josip jovan jovana jozsef karel katerina
kirill klara konstantin kseniya ksenia ladislav larisa lenka leonid libor libuse ljubica ljiljana lubomir lucie ludmila
lyubov lyudmila maksim maksym marek margarita marija marketa martina matej mikhail mila milan milena milica milos mirela
miroslav miroslava mladen mykola nada nadezhda natalija natalya nataliya nebojsa neven nikita nikola nikolai nikolay
nina oksana oldrich oleg oleh oleksandr oleksiy olena olha ondrej pavel pavla pavlo petar petr petro predrag radek radka
radmila radovan ratko roman ruslan sanja sasa sava semyon sergei sergey serhiy slavica slobodan sofiya stanislav
stepan svetlana svitlana tanja taras tatyana tereza tetyana timur tomislav vaclav vadim valentin valery vasil vasily
vasyl vera vesna viktor viktoriya vitali vitaly vladimir vladislav vlado vojtech volodymyr vuk vyacheslav yana yaroslav
yegor yelena yevgeny yulia yuliya yuri yuriy zdenek zdenka zeljko zlata zlatko zoran zorica zsofia zuzana
ake asa aleksi anders anette anneli annika arne arvid astrid aslaug bengt berit birger bjarne bodil borje brynjar camilla
carin dag ebba eeva egil einar eirik elin elina elsa emilie erkki esben espen eskil eva finn freja frida frode
geir gerd greger gro grethe gudmund gunhild gunnar gunilla gustav haakon hakan halvor hanne hans harald hedda heikki
helle henrik hilde hjalmar idar inga ingvar inger iris ivar jannik jarl jarle jari jesper johan jonas jorgen jorunn
juhani jukka juha kaarina kaisa karin kasper katri kirsi kirsten kjell kjetil knud knut kristian kristoffer lars lasse
leif liisa lisbeth liv lone lotta magne magnus maja malin marit mats matti merete mette mikael mikkel mikko minna
morten niels nils nina oddvar oddmund olav olof oskari osten oyvind pekka pelle pernille petri petter pia pirjo
poul ragnar ragnhild rasmus reidar riikka risto rolf ronja rune sami sanna satu seppo signe sigmund sigrun sigurd siiri
silje siv sofie solveig stian stein steinar stig sune svein svend tapio terje thor thorvald timo tiina tomi tor torben
tord tore torgeir torill torstein trond trygve tuomas tuula turid ulrika unni urban vidar viggo vigdis ville yngve
abbas abdallah abdel abdelkader abdul abdullah abdulrahman abeer adel adil afaf ahmad ahmed aisha alaa ali alia amal
amina amir amira ammar anas anwar asma ashraf aya ayman aziz aziza bader badr bahaa basma bassam bilal bushra dalia
dana dina emad essam fadi fadwa fahad fahd faisal farah farid farida faris farouk fatma fatimah fawzi ghada ghassan habib
hadi hafsa haitham hala halima hamad hamdi hamid hamza hanan hani hasan hassan hatem haya heba hicham hind hisham huda
husam hussain hussein ibrahim ibtisam idris iman imran ismail issam iyad jaber jabir jafar jamal jamila jawad kamal kareem
karim karima khadija khaled khalid khalil kholoud laila lamia latifa layla leila lina lubna maha mahdi mahmoud majed
majid malak malik manal mansour mariam marwa marwan maryam mazen mehdi mohamad mohamed mohammad mohammed mona mostafa
mourad mouna muhammad muhammed munir mustafa nabil nada nader nadia naima najib najwa nasser nawal nizar noor noura nour
omar osama othman qasim rabia radwan rafiq raja rami rana rania rashid rasha reem riad rima rola saad sabah safaa
said saif salah saleh salem salim salma salman samar sameh samer sami samia samir samira sana sara sawsan shadi shaima
sharif shatha sherif soha suha sulaiman suleiman sumaya tahir taha talal tamer tarek tariq thamer umar usama wael wafa
wafaa walid wasim yahya yara yasin yasir yasmin yasmine yasser yassine youssef yousef yousra yusuf zahra zainab zaid zayd
zaynab zeinab ziad zuhair
abdurrahman adem adnan ahmet ahu alev ali alper asli asuman aslihan arda atakan ayca ayhan aykut aylin aynur ayse aysegul
aysel aysun aziz bahar baris basak batuhan bekir belgin berat berk berkay berna betul beyza bilge birgul bora buket
bulent burak burcin burcu busra cagatay cagla can canan cansu celal cem cemal cemil cengiz cevdet ceyda ceyhun cihan
damla deniz derya dilara dilek duygu ebru ece eda elif emel emin emine emrah emre ender engin enes ercan erdem erdogan
eren erhan erkan erol ersin esin esra evrim eylem fadime faruk fatih fatma ferhat ferit fevzi feyza filiz fikret fulya
funda furkan gamze gizem gokhan gonca gonul gul gulay gulcan gulden guler gulsah gulsen gulten gurkan guven hakan hakki
haldun hale halil haluk hamdi handan hande harun hasan hasret hatice haydar hayri hilal hilmi hulya huseyin ibrahim
idil ilhan ilkay ilker ilknur inci ipek irem irfan ismail ismet kaan kadir kadriye kamuran kemal kenan kerem kerim
koray korkut kubra kursat levent mahmut makbule mehmet mehtap melek melike melis meltem merve mert mesut metin mevlut
mine muharrem muhammet muhsin murat musa mustafa mutlu muzaffer naci nalan nazan nazim nazli necati necla necmettin
nermin neslihan nesrin nevin nihal nihat nil nilay nilgun nilufer niyazi nuray nurcan nurgul nuri nursel nurten okan
oktay omer onder onur orhan oya ozan ozcan ozge ozgur ozkan ozlem pelin pembe pinar polat rabia ramazan recep remzi
resul reyhan rifat riza rukiye sabri sadik safiye sahin sait salih savas sebnem seda sedat sefa selahattin selcuk selim
selin selma semra seniz serap sercan serdar serhat serkan serpil servet sevda sevgi sevil sevim sevinc sezen sezer
sibel sinan sinem songul suat sukru suleyman sultan sumeyye suzan taner tansu tarik taylan tekin tolga tuba tugba tugce
tulay tuncay turgay turgut turhan ufuk ugur umit umut volkan yagmur yakup yalcin yasar yasemin yavuz yeliz yesim yigit
yildiz yilmaz yucel yunus yusuf zafer zehra zekeriya zeki zeliha zerrin zeynep
aarav aarti abhay abhijit abhinav abhishek aditi aditya ajay ajit akash akhil akshay alok aman amar ambika amit amita
amitabh amol amrita anand ananya anil anirudh anita anjali ankit ankita ankur anuj anupam anuradha anusha aparna archana
arjun arun aruna arvind asha ashish ashok ashwin ashwini atul avani avinash ayush balaji bhavana bhavesh bhavna bhaskar
bindu chandan chandra chandrasekhar charu chetan chetna chirag deepa deepak deepika deepti dev devendra devika dhananjay
dharmesh dhruv dilip dinesh divya durga farhan gaurav gauri geeta geetha girish gita gopal gopi govind gurpreet hardik
harish harpreet harsh harsha hemant hema himanshu indira indra ishaan ishita jagdish jaspreet jatin jaya jayant jayanti
jayesh jignesh jitendra jyoti jyotsna kabir kailash kalpana kamala kamini kanchan kanika karan karthik kartik karuna
kaushik kavita kavya ketan kiran kishore komal krishna krishnan krunal kunal kumari lakshmi lalit lalita lata latha
lavanya leela madhav madhavi madhu madhuri mahesh malini mallika manasi mandeep mani manish manisha manju manjula
manjunath manoj mayank mayur meena meera meenakshi megha mehul milind mitali mohan mohit monika mridula mukesh mukund murali
nandini nandita naresh narayan narendra naveen navya neelam neeraj neeta neha nidhi nikhil nikita nilesh nirmala nisha
nishant nitin nitya nupur om padma padmaja pallavi pankaj parth parul parvati pavan payal pooja poonam prabha prabhakar
prachi pradeep prakash pramod pranav pranjal prasad prasanna prashant pratibha pratik praveen preeti prem prerna priti
priya priyanka purnima pushpa raghav raghu rahul rajan rajani rajat rajeev rajendra rajesh rajiv rajkumar raju rakesh
rakhi ram raman ramesh rameshwar rani ranjan ranjit rashi rashmi ratan ravi ravindra reena rekha renu renuka revathi
rishi ritika ritu rohan rohini rohit roshni ruchi rukmini rupa rupesh sachin sagar sahil sailaja sameer sandeep sandhya
sangeeta sanjana sanjay sanjeev santosh sapna sarika sarita sarojini saroj satish satya saurabh savita seema shalini
shankar shanta shanti sharad sharmila shashi shashank sheetal shilpa shiv shiva shivani shreya shruti shubham shweta
siddharth smita smriti sneha sohan sonal sonali soumya sridhar srinivas subhash sudha sudhir sujata sukhdev suman
sumit sumitra sunil sunita suraj suresh surendra surya sushil sushma swapna swapnil swati tanvi tapan tarun tejas
tejaswini trupti tulsi uday uma umesh upendra urmila usha utkarsh vaibhav vaishali vandana vani varsha varun vasant
vasanthi vasudha veena venkat venkatesh vidya vignesh vijay vijaya vikas vikram vimal vimala vinay vineet vinita vinod
vipin vipul vishal vishnu vivek yash yashoda yogesh yogita
aiko akane akemi akihiro akiko akio akira asami asuka atsuko atsushi aya ayaka ayako ayame ayumi chie chieko chihiro
chiyo daichi daiki daisuke eiji eiko emi emiko eri eriko fumiko fumio goro hana hanako haruka haruki haruko haruto hayato
hideaki hideki hideko hideo hikari hikaru hina hiroaki hiroki hiroko hiromi hiroshi hiroto hiroyuki hisako hisashi
hitomi hitoshi honoka ichiro isamu itsuki izumi jiro jun junichi junko juri kaito kana kanako kaori kaoru katsumi katsuo
katsuya kazuhiko kazuhiro kazuki kazuko kazumi kazuo kazuya keiichi keiji keiko keisuke keita kenichi kenji kenta kentaro
kiyoko kiyoshi koharu koichi koji kosuke kota kumi kumiko kyoko maki makoto mami mamoru manabu mana mariko masaaki masahiro
masaki masako masanori masao masaru masashi masato masaya mayu mayumi megumi michiko midori mieko mika miki mikio minako
minoru misaki mitsuko mitsuo mitsuru miyako miyoko miyu mizuki moe momoko mutsumi nana nanako nanami naoki naoko naomi
naoto natsuki natsuko natsumi noboru nobuko nobuo nobuyuki noriko norio osamu reiko rena rie rieko rika riko rin rina
ryo ryoichi ryoko ryosuke ryota ryuichi ryuji saburo sachiko sadao saki sakura sakurako satoko satomi satoru satoshi
sayaka sayuri seiichi seiji setsuko shiho shigeo shigeru shinichi shinji shinobu shintaro shiori shizuka shizuko sho
shoichi shoji shota shun shunsuke sora sumiko susumu tadao tadashi taichi takahiro takako takashi takayuki takeo takeru
takeshi takuma takumi takuya tamiko taro tatsuo tatsuya teruo tetsuo tetsuya tomohiro tomoko tomomi tomoya toshiaki
toshiko toshio toshiyuki tsubasa tsutomu tsuyoshi yasuhiro yasuko yasuo yasushi yoichi yoko yosuke yoshiaki yoshie
yoshihiro yoshiko yoshio yui yuichi yuji yuka yukari yuki yukie yukiko yukio yuko yumi yumiko yuri yuriko yusuke yuta
yutaka yuto yuya yuzuki
an bao binh chau chien cuong dao dinh dung duong giang hai hang hanh hieu hoa hoai hoang hung huong huyen khanh khoa kien
lan lien linh loan long mai minh my nam nga ngan nghia ngoc nhung oanh phong phuc phuong quan quang quyen quynh son tam
thanh thao thi thien thinh thu thuy tien tin toan trang tri trinh trung truong tuan tung tuyen tuyet van viet vinh vy xuan
yen
baozhai bin bingbing bo chao chen cheng chunhua chunmei cuifen daiyu dan dawei dongmei fang fei feng fenfang gang guang
guanyu guiying guofeng guoliang guoqiang haitao haiyan hao haoran haoyu hong hongmei hua huan hui huifang huimin jia
jiahao jiali jian jianguo jianhua jianjun jianping jiaqi jiaying jie jin jing jingjing jingyi jinhua juan jun junjie kai
kang lan lei lihua lijuan lili liling lin ling lingling liping liqin liwei long longwei meifeng meihua meiling meilin
meili min ming mingming mingyu na nan ning peng ping qian qiang qiaolian qin qing qiong qiu rong ruolan ruoxi rui shan
shaoqi shu shufen shulan shuang shun siyu tao ting tingting wei weidong weiguo weihong weijun weimin weiping wen wenbo
wenjie wenjing wenli wenting xia xiang xiaobo xiaodan xiaodong xiaofeng xiaohong xiaohui xiaojun xiaolan xiaoli
xiaolin xiaoling xiaolong xiaomei xiaoming xiaoping xiaotong xiaowei xiaoyan xiaoyu xin xinyi xinyu xiuying xiulan
xiumei xiuzhen xue xuemei xueqin xueying yan yang yanli yanling yanping yaqin yi yichen yifan yifei ying yingying
yong yongqiang yu yuan yuanyuan yue yuhan yuhang yulan yuling yumei yun yuting yutong yuxuan yuzhen zedong zhe zhen
zheng zhenhua zhenyu zhigang zhihao zhihui zhiming zhiqiang zhiwei zhiyong zihan zixuan ziyi zimo
ji bokyung byungho changmin chaewon daehyun daeun donghyun eunhye eunji eunjung eunkyung haeun hyejin hyunjin hyunjoo
hyunwoo jaehyun jaemin jihoon jihye jimin jinwoo jisoo jiwon jiyeon jiyoung joohee jongho junho junyoung kyungsoo
minho minjae minji minjun minjung minseo minsoo misook myungsoo sangmin seojun seoyeon seungho sooyoung soohyun
soojin sujin sungho sunhee taehyung woojin yejin yeonju younghee youngjae youngsook yuna yuri
abayomi abdulai abena abeni abiodun abimbola abiola achieng ade adebayo adebola adedayo adekunle adela ademola adeola
adesola adetokunbo adewale adjoa adunni afia afolabi akin akinyi akosua akua akwasi amadi amaka amara ama aminata
amadou amadi anan aniekan asante atieno awa ayo ayodele ayomide babajide babatunde bamidele bintou blessing boubacar
bukola buhle busisiwe chiamaka chibueze chibuzo chidi chidimma chidinma chidozie chiedozie chijioke chika chike
chikwemeka chima chimamanda chinaza chinedu chinelo chinenye chinonso chinwe chinyere chioma chisom chizoba chukwudi
chukwuemeka chukwuma damilola dayo dikeledi ebele ebuka efua ejike ekene ekow emeka enitan enyinnaya eniola esi fadekemi
femi folake folasade funmilayo funke fatou fatoumata gbenga ibukun idowu ife ifeanyi ifeoma ifunanya ijeoma ikechukwu
ikenna ime jelani jengo kagiso kamau kehinde kelechi kemi kofi kojo kwabena kwadwo kwaku kwame kwasi kwesi lebo lekan
lerato lindiwe lungile mamadou mandla mbali mariama modupe moussa mpho mthunzi muthoni mwangi nana naledi ndidi neo
ngozi nia njeri nkechi nkem nkosana nneka nnamdi nnenna nokuthula nomsa nomvula nonhlanhla nonso nosipho nothando ntombi
nyambura nyokabi obi obinna ochieng ogechi okechukwu okoro olabisi olamide oluchi oludare olufemi olufunke olukayode
oluwadamilare oluwaseun oluwaseyi oluwatobi omolara omotola onyeka onyinye opeyemi osagie osaze otieno oumar ousmane
palesa refilwe sade segun sekou seun seyi simisola sipho siyabonga solomon tafadzwa taiwo tamika tariro temitope
tendai thabo thandeka thandi thandiwe themba thulani titilayo tobenna tochukwu tolulope tope tosin tumelo tunde
uche uchenna udo ugo ugochi ugochukwu uzoma wairimu wambui wangari wanjiku wanjiru yaa yaw yemi yetunde yewande yinka
zainabu zanele zinhle zodwa zola zuri
aliki anastasios andreas apostolos aristotelis christos dimitra dimitrios dimitris eleftheria eleni evangelia evangelos
fotini georgia georgios giannis giorgos ioanna ioannis katerina konstantinos konstantina kostas kyriakos kyriaki maria
michalis nikolaos nikos panagiota panagiotis paraskevi pavlos petros sotiris sofia spyros stavros stelios thanasis
theodoros vangelis vasiliki vasilis yannis yiannis
aad aart adriaan agnes anneke annelies annemiek anouk arie arjan bart bas berend bert bram carlijn cees cornelis
daan dirk ed elke els eline esmee femke fleur floor floris frans geert geertje gerard gerben gerrit gijs griet guus hanneke
hans harm hein hendrik hendrika henk hennie huib hugo ilse ineke jaap jacoba jan janneke jasper jelle jeroen jesse
jip job joep johan johanna joost joris jos jurgen jurre karel katrien kees klaas koen laurens lieke lieve liesbeth lotte
luuk maaike maarten margriet marieke marijke marije marjolein marloes mart matthijs menno merel michiel mieke niek niels
nienke noor pauline peter petra pieter pim piet reinier rik rianne rob robbert roel roos rutger ruud saar sander sanne
sem simone sjoerd sjors sofie stefan sven teun thijs thomas tijmen timo tineke tom truus veerle wendelien wiebe willem
willemijn wim wouter yvo
agus ayu bambang budi dewi dian eko fitri hendra indah joko kartika lestari made nurul putri rini rizky sari siti slamet
sri sulastri surya tri wahyu wati widodo yanti yudi ahmad aziah azlan faizal hafiz nurul rosnah siew mei zulkifli
alon amihan arvin bayani cristina danilo dalisay divina edgardo erlinda jomar junjun lito ligaya luzviminda marikit
mayumi nenita reynaldo rodel rowena somchai suda malee niran kanya prasert anong
avi avigail avraham aviva chaim chana dov efrat eitan eliezer gideon hadas ilan itai itzhak lior menachem michal miri
moshe nir noa ofer orit oren rivka ronen ronit shai shira shlomo shoshana tal tamar tzipi uri yael yaakov yehuda yitzhak
yoav yosef yossi zeev ziv zvi
aryeh amirhossein arash arezoo azadeh bahram behnam behrouz dariush ebrahim elham farhad farzaneh fereshteh hamidreza
hossein jamshid kaveh keyvan khosrow kourosh ladan mahnaz mahsa mahtab maziar mehrdad mehran mitra mojgan nasrin
navid nazanin nima niloofar omid parisa parvin pouya ramin reza roya saeed sahar shahram shirin siamak simin sina
soheila soroush yasaman zahra
adrienn agnes andras aniko attila balazs bela csaba csilla daniel dora edit endre erzsebet eszter ferenc gabor gergely
geza gyongyi gyula ibolya ildiko imre istvan janos jozsef judit kalman katalin kinga krisztina laszlo levente magdolna
marton matyas mihaly miklos noemi orsolya otto pal peter piroska reka sandor szabolcs szilvia tamas tibor tunde vilmos
viktoria zita zoltan zsolt zsuzsanna
adina adrian alexandru alin ana anca andreea aurel aurelia bogdan catalin ciprian claudiu constantin corina cosmin costel
cristian crina dan daniela denisa doina doru dragos dumitru elena emil eugen florentina florin gabriela gheorghe georgeta
horia iulia iulian ileana ilinca ioan ioana ion ionel ionela ionut irina laurentiu lavinia liviu loredana lucian lucretia
luminita madalina marcel marian mariana marin marius mihaela mihai mircea mirela monica nicoleta nicolae octavian oana
ovidiu paul petru radu raluca razvan rodica roxana ruxandra simona sorin sorina stefan stelian teodor teodora tiberiu
toma traian tudor valentin vasile veronica victor viorel viorica vlad
`
