package masking

// foreignWords are words of other languages that start sentences and are no names.
const foreignWords = `
aber als am an ansprechpartner anruf anschrift arzt auf aus ausweis bei beim benutzer bestellung betreff bitte bis da danke dann das dass
datum dein deine dem den der des die dies diese dieser doch du durch ein eine einem einen einer er es firma fehler frage fragen fur ganz
gatte geboren geburtsdatum gegen gehalt geschaftsfuhrer gestern gibt grusse gruss guten hallo hat haben hauptstrasse heute hier hiermit
ich ihm ihn ihr ihre ihrem ihren im in inhaber ist jahr ja jeder jetzt kann kein keine konnen konto kontakt kunde kunden kundin lieber liebe
mehr mein meine mich mieter mir mit mitarbeiter mobil morgen muss nach nachname nachricht name nein nicht noch nun nur ob oder ohne passwort
patient patientin person rechnung ruckruf schreiben sehr seit sein seine sich sie sind so sobald sofort straße strasse telefon termin uber um und uns unser
unsere unter versicherte vertrag viele vielen vom von vor vorname wann war warum was weil weiter wenn wer werden wie wieder wir wird wo
wohnt wurde zahlung zu zum zur zwei zwischen überweisung empfanger rufen schicken
a au aussi autre aux avant avec avez avoir bien bonjour bonsoir car ce cela celui ces cet cette chez chacun cher chere client cliente comme
compte comment cordialement contacter contactez appelez appeler dans de demain depuis des deux dossier donc du elle elles en encore entre est et
etre eux facture faire faut fois ici il ils je jour la le les leur leurs lors lui ma madame mademoiselle mais mal me meme merci mes message
messieurs mon monsieur ne nee ni nom non nos notre nous nouveau numero on ont ou oui par parce pas patient personne peut plus pour pourquoi
prenom puis quand que quel quelle qui quoi rappel reunion rue sa salut sans se sera ses si signe son sont sous suite sur ta telephone
tes titulaire toi ton tous tout toute tres tu un une veuillez vers veuve voici voila vos votre vous vu
a al algo alguien ante antes apellido apellidos aqui asi asunto aunque ayer bien buenas buenos cada calle carta casi cita cliente clienta como con
contacto contacte correo cual cuando cuenta de debe del desde dia dias don dona donde dos ella ellos en entonces entre era
es esa ese esta este esto estimada estimado estoy factura favor fecha fue gracias ha hace hacia hasta hay hola hoy la las le llama llamar
llame lo los luego mas me mi mientras mis mucho muy nacido nacida nada ni ninguno no nombre nos nosotros nuestra nuestro numero nunca o
otra otro paciente padre madre para pedido pero poder por porque pues puede que querido querida quien recibido reunion sabe saludos se senor
senora ser si siempre sin sobre solo somos son su sus tal tambien tan tarde tel telefono tiene titular toda todo todos trabajador tras tu
un una uno usted vive vamos y ya yo llamame
agli ai al alla alle allora altri altro anche ancora appuntamento avere bene buona buongiorno buonasera cara caro che chi chiamare chiami ci
ciao cliente codice cognome come con contatta contattare contatto cosa cosi da dal dalla dai data del della delle dei degli di dopo dove due
e ecco ed egli era essere fa fattura gentile gia giorno gli grazie ha hanno ho i il in incontro io la lavoro le lei lo loro lui ma mai mi
mia mio molto nata nato ne nel nella nella no noi nome non nostra nostro nuovo numero o oggi ogni ora ordine paziente per perche pero piu
poi possiamo posso prego prima prossimo puo quale quando quanto quella quello questa questo qui residente ricevuta salve saluti scrivere se
sei sempre senza si sia sig signor signora solo sono sopra sotto stato su sua subito sul sulla suo telefono telefona tra tre tu tua tuo
tutti tutto un una uno via vi voi
aan aangifte achternaam afspraak al alle als altijd ander beste bedankt bel bellen bent bij contact dag dan dank dat de deze die dit doen door
dus een en er factuur ga gaan geachte geboortedatum geboren gebruiker geen gisteren goed graag groet groeten had heb hebben heeft hem hen het
hier hij hoe hoi hun iemand iets ik in is ja jaar je jij jou jouw kan klant komen kunnen maar mag meer meneer met mevrouw mij mijn moet
morgen na naam naar niet niets nieuw nog nu nummer of om omdat onder ons onze ook op over patient rekening sinds straat tegen telefoon
tot tussen u uit uw van vandaag vanaf veel via volgens voor voornaam vraag waar waarom wachtwoord wanneer want was wat we wel welke
werd werknemer wie wij wil wordt worden ze zeer zich zij zijn zo zonder zou zoals
a aby ale albo bardzo bez bo byc byl byla ci co czy dla do dla dobry drogi droga dzien dziekuje dzis faktura gdy gdzie go i ich imie ja jak
jako je jego jej jest jestem jeszcze juz kazdy kiedy klient klientka klientki konto kontakt kto ktora ktory lub ma mam mamy mi mnie moj moja
moje mozna moze mu na nad nam nas nasz nazwisko nazywam nic nie niech niz numer o od on ona oni oraz osoba pacjent pacjentka pan pana pani
panstwo po pod pomoc poniewaz potem poza prosimy prosze przed przelew przez przy pracownik szanowna szanowny sie siebie sobie spotkanie
swoj ta tak takze tam te tego tej telefon ten teraz to tobie tu twoj tylko ty u ulica ulicy urodzony urodzona w was wasz we wiec witam
wiadomosc wszystko wy wyslij z za zadzwon zadzwonic zamowienie zawsze ze znow zeby zgloszenie
a ao aos as ate aqui assim assunto bem boa bom cada caro cara cliente com como compra conta contato contacte cpf da dados das de depois
dele dela desde dia do dois dona dos e ela ele eles em encontro endereco entre era essa esse esta este estou eu favor fatura foi gostaria
ha hoje isso isto ja la ligar ligue lhe mais mas me mesmo meu minha muito na nao nas nasceu nascido nem no nome nos nossa nosso numero o obrigado
obrigada ola onde ontem os ou paciente para pela pelo pedido por porque pode prezado prezada quando que quem rua sao se sem senha senhor
senhora ser seu sera sim so sobre sobrenome sou sua tambem tel telefone tem titular todo todos tu um uma usuario voce vou
acaba acil adi ancak arasinda arayin artik aslinda ayrica bana bay bayan bazi belki ben benim bey bilgi bir biraz biri biz bize bizim bu
bugun bunu cok cunku da daha dahil de degil degerli diye dogum dun eger en eposta evet fatura gibi gore hanim hasta hayir hem hemen hep
her hesap icin ile iletisim ise iste iyi kadar kendi ki kim kimlik kullanici lutfen merhaba mi mu musteri nasil ne neden nerede numara
numarasi o olan olarak oldu olur ona onlar onu ornek oyle personel randevu sadece sayin selam sen siparis siz soyadi sonra soyle su
tarih tarihi tarafindan tel telefon telefonu tesekkur tesekkurler tum uzere ve veya ya yani yarin yeni yok yoksa zaman zaten
och att det som ett jag inte med den har till av om pa ar var hej tack kara med vanliga halsningar ikke og jeg det er en kjaere hei takk
mvh hilsen venlig kunden kund kunde fakturan ring ringe mote idag imorgon
kepada dengan dari untuk yang terima kasih silakan hubungi bapak ibu saudara pelanggan selamat nama saya
kinh gui xin chao cam on anh chi ong ba khach hang ten toi la cua va
desu san sama kun chan sensei yoroshiku onegaishimasu arigatou watashi namae moshi konnichiwa dono
namaste shri shrimati kripya aap mera naam hai ji dhanyavaad
marhaba shukran ismi alsayyid alustath assalamu alaikum
`

const monthNames = `
january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec
monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun
januar februar marz mai juni juli oktober dezember montag dienstag mittwoch donnerstag freitag samstag sonntag okt dez
janvier fevrier mars avril juin juillet aout septembre octobre novembre decembre lundi mardi mercredi jeudi vendredi samedi dimanche
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre lunes martes miercoles jueves viernes sabado domingo
gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre lunedi martedi mercoledi giovedi venerdi sabato domenica
januari februari maart mei augustus maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
stycznia lutego marca kwietnia maja czerwca lipca sierpnia wrzesnia pazdziernika listopada grudnia styczen luty marzec kwiecien czerwiec lipiec
sierpien wrzesien pazdziernik listopad grudzien
janeiro fevereiro maio junho julho setembro outubro novembro dezembro segunda terca quarta quinta sexta
ocak subat mart nisan mayis haziran temmuz agustos eylul ekim kasim aralik pazartesi sali carsamba persembe cuma cumartesi pazar
`

// titles are forms of address, without their dot.
const titles = `
mr mrs ms mx miss messrs dr prof professor rev reverend fr sr sra srta sir dame lady lord hon judge captain capt lt sgt col cpl gen maj
officer detective inspector sergeant senator congressman congresswoman governor mayor
herr herrn frau fraulein m mme mlle monsieur madame mademoiselle maitre docteur senor senora senorita sig signor signora signore signorina
dott dottssa dottor dottoressa avv ing geom rag dhr heer mevr mevrouw meneer mijnheer drs pan panie pani pana panem panu bay bayan sayin sayın
senhor senhora doutor doutora dra shri shrimati smt kumari sheikh ustadh haji pak bapak ibu ong anh uncle auntie aunt sister brother
hr fru herra rouva gospodin gospoda
`

// callWords stand before a name.
const callWords = `
kund call called calling ask asked tell told contact contacted contacting email emailed e-mail text texted ping pinged message messaged notify cc bcc attn
attention signed customer client patient employee user owner author assignee
assigned reviewer reporter manager contractor tenant passenger guest recipient beneficiary payee payer sender cardholder holder spouse wife husband
son daughter mother father brother sister colleague friend boss meet invite invited interviewed spoke speak talked remind reminded forward
hired fired prescribed admitted discharged attendee attendees participants participant driver nurse teacher student applicant candidate witness
subscriber member insured resident visitor buyer seller landlord lessee im i'm
kunde kundin patientin mieter inhaber ansprechpartner ansprechpartnerin mitarbeiter mitarbeiterin
rufen kontaktieren frag frage heisse heiße ruf sagt sprach gegenuber
appelez contactez appelle prenom titulaire patiente salutations signe
llamo llama llame llamar contacte titular paciente atentamente
chiamo chiama chiamare contatti contattare contatta intestatario paziente cliente cordiali
naam bel heet
imie nazwisko pacjent pacjentka klient klientka pracownik nazywam pozdrowienia zadzwon
chamo ligue ligar fale paciente titular atenciosamente obrigado
adim ismim musteri hasta personel saygilarimla selam
hilsen hei mvh
name named nombre nome nom adi appelle
`

// greetings stand before a name and seldom before something else.
const greetings = `
abracos beste bonjour cara caro cheers cher chere ciao cordialement czesc dear droga drogi estimada estimado geachte geehrte geehrter gentile groet groeten gruss grusse hallo hej hello hey hi hoi hola kara liebe lieber merhaba ola pozdrawiam prezada prezado querida querido regards saludos salut saluti sayin sevgili sincerely szanowna szanowny thank thanks
`

// nearWords are often before a name, and often before something else.
const nearWords = `
aan am an and avec bei by chez com con da de dla door for from fur ile is met mit od par para per por pour this to van von voor with z at
`

const particles = `
de da do dos das del della delle dei degli di du des la le les los las van von vom zu zum zur der den het ter ten te bin ibn bint al el ul ud y e af av
dela vander vanden dello d l o mc ap
`

// placeWords make the name of a street, a place, a company or a thing of the words
// before them.
const placeWords = `
san santa santo saint sankt sao sint fort lake mount cape hotel restaurant cafe
street st road rd avenue ave boulevard blvd drive lane ln court ct square plaza terrace parkway highway hwy route way alley bridge park gardens garden
airport station terminal port harbor harbour bay beach island islands lake river creek falls mountain mountains mount hill hills valley canyon forest
springs county city town village district province university college school academy institute hospital clinic church cathedral chapel temple
museum theatre theater stadium arena tower towers building center centre hall house hotel inn resort mall market library prize award cup
foundation trust fund bank inc ltd llc llp gmbh ag corp corporation co company companies group holdings partners associates brothers bros sons motors airlines airways
industries technologies systems solutions software services labs studios records press times post news magazine journal gazette herald
theorem law effect algorithm distribution constant equation number matrix filter transform method model test principle paradox conjecture syndrome disease
act day week festival war treaty bill
platz strasse straße weg allee gasse rue quai chaussee calle avenida plaza paseo via viale corso piazza rua praca straat laan plein gracht ulica aleja cadde caddesi
sokak mahallesi universitat universite universidad universidade universita krankenhaus klinik hopital ospedale sa sas sarl srl spa bv nv sp ab oy as plc pty kg ohg ev
beta version edition series class server cluster
`

// counterWords stand before numbers that say nothing of a person.
const counterWords = `
order orders invoice inv ref reference ticket case sku isbn issn ean upc gtin asin serial tracking shipment parcel version ver build revision
rev release commit part item batch lot po model error code port line page chapter section id ids uuid guid hash sha checksum bytes size count total amount
price sum balance qty quantity offset index row seq sequence pid tid epoch timestamp ts latency duration ms elapsed imei iccid meid vin doi rfc
issue pr bug jira job ports pages lines rows ids range ranges between columns codes keys run request req trace span session transaction txn receipt barcode article product catalog catalogue lat lon latitude
longitude coordinates coordinate population random seed width height score votes views likes distance km meters score patent gst hsn
bestellung bestellnummer auftrag auftragsnummer rechnung rechnungsnummer artikelnummer artikel sendungsnummer sendung aktenzeichen kundennummer seriennummer
commande facture colis suivi reference article pedido factura albaran seguimiento referencia expediente ordine fattura spedizione tracciamento
bestelling factuur zending artikelnummer zamowienie faktura przesylka zgloszenie encomenda fatura protocolo rastreio nota siparis kargo takip
abn acn vat tax ein duns crn utr bsb gstin ustid ust steuernummer steuer mwst tva iva btw kvk nip regon krs siret siren cnpj cif hrb hra orgnr organisasjonsnummer
awb waybill consignment pallet boleto barras digitavel chave lottery lotto loto draw lotto smart attribute
einwohner betrag preis montant prix precio importe prezzo importo bedrag prijs kwota cena valor preco tutar fiyat
`

// secretWords end the names of fields whose value is a secret. Their value must look
// like one.
const secretWords = `secret token apikey secretkey accesskey authtoken accesstoken refreshtoken clientsecret credentials credential auth jwt pin otp signature salt privatekey encryptionkey signingkey
geheimnis secreto segredo segreto sekret`

// passwordWords end the names of fields whose value is a password.
const passwordWords = `
password passwd pwd pass passphrase passcode userpassword dbpassword pw psw passwort kennwort contrasena clave motdepasse mdp senha haslo wachtwoord sifre parola
parole losenord salasana пароль kodeord passord jelszo heslo lozinka parol
`

// phrases are two words that look like a name together, without the space.
const phrases = `
hongkong fengshui pingpong taichi wellsfargo morganstanley goldmansachs jpmorgan ralphlauren louisvuitton hugoboss calvinklein tommyhilfiger michaelkors
jackdaniels johnniewalker jimbeam mercedesbenz rollsroyce astonmartin alfaromeo harleydavidson ernstyoung jamesbond harrypotter mickeymouse santaclaus
johndeere martinluther stanleycup alicesprings jordanriver victoriafalls virginiabeach carsoncity kansascity jerseycity laurelhill charlottesville
petersburg francisbacon benjerry papajohns wendys jackinthebox trustpilot peterpan robinhood monalisa mountrushmore palmbeach longbeach marieantoinette
davidjones mayday maywill markdown markup willdo justinCase jasonweb jasonfile tobybug frankfurtmain annaurl dellinspiron dellemc sambaserver maxpower
dominionvoting kellyblue dowjones standardpoors moodys barnesnoble johnsonjohnson smithwesson proctergamble blackdecker
`

// units are words after an amount.
const units = `
eur euro euros usd gbp pln zl zloty zlotych chf jpy yen inr rs rupees mxn brl reais cny rmb yuan try lira kc czk sek nok dkk dollar dollars pounds pesos
km m cm mm kg g mg t tons tonnes mb gb kb tb bytes ms s ns us hz khz mhz ghz percent pct people inhabitants einwohner habitants habitantes abitanti
inwoners mieszkancow units pcs stuck items rows records views users hits votes miles feet ft lbs oz kwh wh mwh
`

// versionWords stand before a version.
const versionWords = `
version versions ver v release released build firmware chrome firefox safari edge driver drivers kernel upgrade upgraded downgrade package bump bumped
revision patch artikel article art articulo artigo articolo artykul madde abschnitt kapitel kap chapter chap ch chapitre capitulo capitolo rozdzial hoofdstuk bolum bolumu clanek oddil
paragraph paragraphs para paragraphe paragraf parrafo comma absatz abs ziffer punkt punkte pkt punto punct sections sec sect seccion secao sezione sekce sekcja rubrique
clauses clausula clausola appendix annex anhang allegato anexo annexe zalacznik bilaga kapittel avsnitt luku kohta table tabelle figure fig abb abbildung figura tableau
verze surum verzia verzija versiune version versjon utgave wydanie iso iec din ansi ieee nist revize revisione ausgabe release रिलीज संस्करण अनुभाग धारा версия статья раздел пункт глава
agent library assembly dll schema spec section clause installed requires fileversion productversion assemblyversion versie wersja versao
versione sdk jdk jre runtime plugin module oid
`

// versionIdeographs are words before or after a version or a chapter in scripts without spaces.
const versionIdeographs = `版本 版 バージョン 버전 판 第 条 條 章 节 節 款 항 조 장 절 項`

// eventWords stand before dates of other events.
const eventWords = `
hired joined expires expiry expired expiration issued created since started starting start updated due valid until died deceased married signed effective
registered admitted discharged visit visited appointment deadline paid invoiced ordered shipped delivered scheduled meeting eingestellt gultig ablaufdatum ausgestellt
expire delivre valable embauche vence caduca emitido contratado scadenza rilasciato geldig wazny wydany hire end ends renewed renewal modified
`

// fillers stand between a word that counts and its number.
const fillers = `number numbers no nr num nbr is was the a of numero numer nummer n numarasi`

// speechWords follow the name of somebody who speaks or acts.
const speechWords = `
said says asked asks told tells called calls wrote writes replied replies answered thinks thought wants wanted agreed confirmed joined left moved lives
emailed texted mentioned suggested promised forgot booked signed paid ordered reported complained explained apologized apologised sent
`

// passwordEndings are words for a password in scripts without spaces.
const passwordEndings = `密码 密碼 口令 パスワード 暗証番号 비밀번호 पासवर्ड`

// phoneIdeographs are words for a telephone in scripts without spaces.
const phoneIdeographs = `電話 携帯 电话 手机 手機 联系 聯絡 聯繫 連絡先 座机 传真 傳真 拨打 致电 致電 微信 热线 专线 전화 휴대폰 핸드폰 연락`

// counterIdeographs are words before other numbers in Chinese.
const counterIdeographs = `单号 單號 编号 編號 订单 訂單 账号 帐号 帳號 身份证 流水 序列 型号 QQ 版本 金额`

// birthIdeographs are words for a birth in scripts without spaces.
const birthIdeographs = `生年月日 出生 生日 誕生日 生まれ 생년월일`
