package masking

// moreTitles are forms of address and ranks of more languages, without their dot.
const moreTitles = `
mssrs esq atty attorney dipl mag magister magistra phdr mudr judr mvdr paeddr rndr thdr mgr inz hab lek dent dds dmd dphil rn pharmd
frater padre fray sor hermana hermano don dona dom frei irmao irma soeur frere abbe pere pastor pastora imam rabbi rabbin rebbe mullah maulana ayatollah
capitan capitaine kapitan kapitein colonel colonello coronel oberst sergent sergente sargento adjudant commandant commander cmdr admiral almirante
lieutenant leutnant teniente tenente luitenant kommissar commissaire comisario commissario inspecteur inspektor ispettore constable trooper sheriff corporal
baron baronin baroness baronesse graf grafin countess comte comtesse conde condesa conte contessa duque duquesa duc duchesse herzog furst
prinzessin principessa konig konigin reina kaiser papst papa kardinal cardinal bischof bishop bispo obispo
senator senatorin kanzler kanzlerin ministerin presidenta prasident premierminister
herrn herren hr fr frl froken fru frue herr hra rva neiti leerar mej mejuffrouw jonkheer mevr mw dhr ing drs mr
monsieur messieurs mesdames mesdemoiselles mlles mmes maitre pr professeure docteure
sr sra srta srs sras sres senhora senhorita menina menino seu tia tio tante onkel uncle auntie aunt aunty oma opa abuela abuelo nonna nonno
licenciado licenciada ingeniero ingeniera arq abogado abogada avv avvocato avvocata avvto notaio dottoressa dottssa dr.ssa prof.ssa profssa sig sigra sigg signori ssa egr egregio spett
pan pani panna panove panstwo panem panu pana panie panią pane slecna panovi vazeny gospodin gospodine gospodina gospodinu gospođa gospođo gospođe gospodja gospođi gospodica gospodična gospod gospa gdin gđa gdja
domnul domnule domnului doamna doamnei domnisoara dna dra d-na
kurios kyrios kyria
bay bayan beyefendi hanimefendi hanımefendi sayin sayın avukat ogretmen hoca doktor profesor docent dr uzm
ur asszony
pak bapak bpk ibu ibuk mbak kak encik puan cik tuan datuk dato datin haji hajjah tengku
ong ba anh bac
shri shree sri smt shrimati kumari sushri sardar sardarni swami guru acharya pandit pt ustad janab begum md mohd
al-sayyid sayyid sayyida sayed shaikh sheikha ustaz ustadha duktur hajj hadji emir lalla moulay sidi
mwalimu bwana bibi mama mzee oba alhaji alhaja oga madam mallam otunba
gospozha tovarishch
`

// greetingWords are greetings and the ends of letters, in many languages.
const greetingWords = `
kính gửi hyvä
goedemorgen goedemiddag goedenavond goeiemorgen buongiorno buonasera godmorgon godkväll buenas καλησπερα доброе
hiya heya howdy yo greetings salutations thx ty tks tnx thanx tysm cheers congratulations goodbye goodnight respected dearest darling hugs xoxo kisses
sincerely regards cordially respectfully faithfully truly warmly gratefully appreciatively
hallo hallöchen huhu servus moin grüezi grüß gruess griass tschüss grüße grussen grüßen lg mfg vg bg danke liebste liebster verehrte verehrter werte werter geehrte geehrter hochachtungsvoll glückwunsch
bonjour bonsoir salut coucou cher chère chers chères merci bises bisous bise amitiés amicalement cordialement bienvenue félicitations adieu
hola buenas querido querida estimado estimada apreciado apreciada saludos abrazos abrazo besos besitos gracias cordialmente atentamente atte bienvenido bienvenida felicidades adios
ola oi alo caro cara prezado prezada abraços abraço abs beijos bjs beijinhos obrigado obrigada atenciosamente att cumprimentos cpts saudações ilustríssimo ilmo ilma bem-vindo bem-vinda parabéns tchau
ciao salve carissimo carissima gentile gentilissimo gentilissima egregio egregia stimato stimata pregiato spettabile saluti abbracci abbraccio baci bacioni bacio grazie distintamente benvenuto benvenuta arrivederci
hoi hé hey dag geachte beste lieve waarde groet groeten groetjes liefs kus kusjes mvg bedankt hoogachtend welkom
hej hejsan hallå tjena tjenare tjabba kära käre bästa ärade hälsningar hälsning mvh vh kram kramar puss tack välkommen
kære hejsa hilsen hilsner knus kys tak velkommen kjære hei heisann klem klemmer takk vennlig
moi moikka heippa terve tervehdys rakas arvoisa terveisin terveiset terkuin ystävällisin kiitos halauksin
hæ sæll sæl kæri kæra kveðja kveðjur blessaður
cześć hejka witaj witam siema siemka drogi droga kochana kochany szanowny szanowna szanowni pozdrawiam pozdrowienia pozdro ściskam całuję dzięki dziękuję buziaki
ahoj čau nazdar zdravím milý milá drahý drahá vážený vážená pozdravem zdravi děkuji díky dík pozdravuje srdečně
čaute ďakujem vďaka pozdravom
szia sziasztok szervusz helló kedves drága tisztelt üdv üdvözlettel üdvözöllek köszönöm köszi kösz puszi ölel üdvözlet
bună dragul stimate mulțumesc mersi salutări cu-stimă
zdravo bok ćao dragi poštovani poštovana pozdrav pozdravi lep srdačan srdačno hvala ljubim živjo spoštovani spoštovana
здравейте здравей привет приветик здравствуй здравствуйте уважаемый уважаемая уважаемые дорогой дорогая дорогие милый милая многоуважаемый многоуважаемая уважением наилучшими пожеланиями обнимаю целую спасибо спс благодарю салют хай
привіт вітаю шановний шановна шановні дорогий дорога любий люба повагою дякую дякуємо пане пані
скъпи скъпа уважаеми уважаема драги драга поздрави поздрав благодаря здраво поштовани поштована хвала
γεια γειά σου αγαπητέ αγαπητή αγαπητε αγαπητη αξιότιμε αξιότιμη φίλε φίλη ευχαριστώ φιλικά εκτίμηση χαιρετισμούς χαιρετισμοί φιλιά καλημέρα καλησπέρα
merhaba merhabalar selam selamlar selamın sevgili sayın sayin değerli saygılarımla saygilarimla sevgiler sevgilerimle öpüyorum teşekkürler teşekkür sağol günaydın gunaydin kıymetli hoşgeldin
kaixo agur estimat benvolgut benvolguda salutacions petons gràcies graciñas aperta
përshëndetje tung ungjatjeta dashur faleminderit
labas sveiki gerbiamas gerbiama mielas miela pagarbiai ačiū sveiks cien cienījamais cienījamā mīļais paldies tere kallis lugupeetud tervitades aitäh tänan
dia duit chara fáilte shwmae annwyl helo cofion diolch
namaste namaskar namaskaram pranam priya pyare vanakkam salaam salam assalam adaab aadab dhanyavaad shukriya
halo hai kepada kamusta kumusta magandang chào kính
marhaba ahlan sabah azizi azizti habibi shukran tahiyati
jambo habari sawubona sanibonani dumela mambo shikamoo asante ndewo bawo sannu kedu
`

// closings end a letter when a comma or the end of a line is after them.
const closings = `
best love yours respectfully faithfully cordially rgds br kr brgds xx xxx x hugs ciao kisses bests
herzlichst herzlich liebe ihr ihre dein deine euer eure atte tuyo tuya suyo teu tua vostro vostra suo sua tuo tien tienne jouw je din dina twój twoja tvůj tvá zawsze
respeto stima respekt szacunkiem poważaniem uctou gratitude
dankend thanking thankfully
`

// rankWords are before the name of a person, and of much else.
const rankWords = `
general generale major mayor marshal duke duchess prince princess prinz principe chief minister president presidente premier pope doc king queen count emperor
`

// roleWords are what only a person is, and what a name follows.
const roleWords = `
plaintiff defendant claimant respondent appellant appellee petitioner deponent testator testatrix heir heiress executor executrix trustee grantor grantee lessor lessee mortgagor mortgagee
guarantor affiant prescriber practitioner physician surgeon clinician dentist therapist pharmacist psychiatrist psychologist radiologist cardiologist oncologist midwife caregiver carer doctor nurse
payee payer debtor creditor cardholder accountholder policyholder insured remitter beneficiary nominee signatory undersigned dependant dependent godparent godparents godfather godmother godson
guardian stepmother stepfather grandmother grandfather grandma grandpa grandson granddaughter nephew niece cousin fiance fiancee bride groom bridesmaid widow widower husband wife spouse daughter
mother father brother sister mom mum mommy mummy dad daddy boyfriend girlfriend roommate flatmate neighbour neighbor landlord landlady housemate classmate schoolmate teammate
coach tutor lecturer pupil student intern trainee apprentice supervisor principal headteacher headmaster headmistress babysitter nanny teacher
employee coworker co-worker colleague staffer recruiter interviewer interviewee candidate applicant referee referrer hire paralegal solicitor barrister notary arbitrator mediator juror bailiff
passenger traveller traveler guest visitor attendee invitee delegate panelist speaker moderator subscriber donor volunteer patient inpatient outpatient
tenant occupant resident homeowner buyer purchaser seller vendor consignee shipper courier technician mechanic plumber electrician agent salesperson cashier broker
victim suspect witness complainant offender inmate detainee accused survivor deceased decedent casualty
author coauthor co-author editor translator illustrator narrator photographer composer director producer screenwriter creator contributor maintainer committer reviewer approver assignee
owner signer signee cosigner co-signer requester requestor reporter caller addressee sender recipient chairperson chairman chairwoman secretary treasurer
firstname lastname surname forename fullname givenname familyname middlename maiden realname displayname personname contactname customername patientname username_full
kollege kollegin kollegen mitarbeiterin mitarbeiter azubi auszubildende auszubildender praktikant praktikantin chef chefin vorgesetzte vorgesetzter sachbearbeiter sachbearbeiterin bearbeiter bearbeiterin
kontoinhaber kontoinhaberin karteninhaber karteninhaberin zahlungsempfänger empfänger empfängerin absender absenderin auftraggeber auftraggeberin ansprechpartner ansprechpartnerin mieter mieterin vermieter vermieterin
kläger klägerin beklagte beklagter angeklagte angeklagter zeuge zeugin erbe erbin erblasser erblasserin geschädigte geschädigter beschuldigte beschuldigter richter richterin rechtsanwalt rechtsanwältin anwalt anwältin notar notarin
patientin hausarzt hausärztin ärztin arzt chefarzt chefärztin oberarzt oberärztin pfleger pflegerin krankenschwester hebamme apotheker apothekerin therapeut therapeutin versicherter versicherte versicherungsnehmer versicherungsnehmerin
schüler schülerin lehrer lehrerin klassenlehrer klassenlehrerin schulleiter schulleiterin studentin erzieherin erziehungsberechtigte erziehungsberechtigter bewerber bewerberin nachbar nachbarin freund freundin
mutter vater bruder schwester sohn tochter ehefrau ehemann witwe witwer tante onkel enkel enkelin neffe nichte schwager schwägerin cousine verlobte verlobter vormund betreuer betreuerin bevollmächtigte bevollmächtigter
unterzeichner unterzeichnete unterzeichnerin geschäftsführer geschäftsführerin nachname vorname familienname geburtsname fahrer fahrerin käufer käuferin verkäufer verkäuferin schuldner schuldnerin gläubiger gläubigerin teilnehmer teilnehmerin
collègue stagiaire salarié salariée employé demandeur demanderesse défendeur défenderesse plaignant plaignante témoin héritier héritière testateur notaire avocat avocate juge greffier bénéficiaire titulaire assuré assurée
patiente médecin infirmier infirmière élève étudiant étudiante enseignant enseignante professeur professeure tuteur tutrice locataire bailleur propriétaire voisin voisine amie mère père frère sœur soeur fils fille épouse époux mari conjoint conjointe
oncle neveu grand-mère grand-père veuve veuf expéditeur destinataire soussigné soussignée gérant gérante directeur directrice débiteur débitrice créancier créancière prénom candidat apprenti apprentie victime prévenu prévenue
colega empleado empleada trabajador trabajadora becario becaria demandante demandado demandada acusado acusada testigo heredero heredera albacea notario juez jueza fiscal procurador procuradora beneficiario beneficiaria titular asegurado asegurada tomador
paciente médico médica enfermero enfermera alumno alumna estudiante maestro maestra profesor profesora tutora inquilino inquilina arrendatario arrendataria arrendador arrendadora casero casera vecino vecina amigo amiga madre padre hermano hermana hijo hija esposa esposo marido novio novia
tía tío sobrino sobrina primo prima abuela abuelo viuda viudo remitente destinatario destinataria suscrito suscrita apoderado apoderada gerente directora deudor deudora acreedor acreedora solicitante víctima denunciante compañero compañera jefe jefa firmante
funcionário funcionária estagiário estagiária réu ré autor autora testemunha herdeiro herdeira inventariante advogado advogada juiz juíza segurado segurada correntista enfermeiro enfermeira
aluno aluna professor professora locatário locatária locador locadora vizinho vizinha mãe pai irmão irmã filho filha namorado namorada sobrinho sobrinha avó viúva remetente devedor devedora credor credora requerente vítima gestor gestora motorista cliente
collega dipendente stagista tirocinante attore attrice convenuto convenuta imputato imputata testimone erede notaio giudice avvocato intestatario intestataria assicurato assicurata contraente paziente infermiere infermiera
alunno alunna studente studentessa insegnante professoressa locatore vicino vicina amico amica fratello sorella figlio figlia moglie marito zia zio nipote cugino cugina nonna nonno vedova vedovo mittente sottoscritto sottoscritta debitore creditore richiedente delegato tutore cognome
medewerker medewerkster werknemer stagiair eiser eiseres gedaagde verdachte getuige erfgenaam notaris rechter advocaat begunstigde rekeninghouder kaarthouder verzekerde verzekeringnemer huisarts verpleegkundige
leerling docent docente leraar lerares huurder huurster verhuurder buurman buurvrouw vriend vriendin moeder vader broer zus zoon dochter echtgenoot echtgenote neef nicht weduwe afzender ontvanger ondergetekende gemachtigde sollicitant slachtoffer
kolega koleżanka pracownica stażysta stażystka powód powódka pozwany pozwana oskarżony oskarżona świadek spadkobierca notariusz sędzia adwokat radca pełnomocnik pelnomocnik beneficjent posiadacz ubezpieczony ubezpieczona ubezpieczający lekarz pielęgniarka
uczeń uczennica studentka nauczyciel nauczycielka najemca wynajmujący sąsiad sąsiadka przyjaciel przyjaciółka matka ojciec brat siostra syn córka żona mąż ciocia wujek babcia dziadek wdowa nadawca odbiorca podpisany podpisana wnioskodawca wnioskodawczyni dłużnik wierzyciel kierowca kierownik pasażer opiekun kandydat kandydatka nabywca sprzedawca imię nazwisko
kolegyně žalobce žalovaný svědek dědic soudce advokát pacient pacientka lékař lékařka sestra žák žákyně učitel učitelka nájemce nájemník pronajímatel soused sousedka otec bratr dcera manželka manžel odesílatel příjemce zaměstnanec zástupce jméno příjmení žadatel jednatel
kolegyňa žalobca svedok sudca nájomca sused suseda odosielateľ príjemca meno priezvisko
kolléga kollegánk munkatárs felperes alperes tanú örökös közjegyző bíró ügyvéd páciens beteg orvos ápoló tanuló diák tanár bérlő szomszéd barát anyja anya apja testvér férje felesége lánya feladó címzett név vezetéknév keresztnév kérelmező
coleg angajat angajata reclamant pârât inculpat martor moștenitor judecător beneficiar asigurat pacienta medic asistenta elev elevă studentă profesoară învățător chiriaș proprietar vecin mama tata frate sora fiul fiica soția soțul expeditor destinatar subsemnatul subsemnata numele prenume prenumele solicitant
kolegica koleginica radnik tužitelj tuženik svjedok nasljednik naslednik bilježnik sudac sudija odvjetnik pacijent pacijentica liječnik učenik učenica učitelj učiteljica najmoprimac susjed susjeda komšija mati otac kći ćerka supruga suprug pošiljatelj primatelj prezime
kolleger medarbejder medarbetare ansatt ansat sagsøger sagsøgte kärande svarande saksøker vittne vidne vitne arvinge arving notarie dommer domare pasient läkare læge lege sjuksköterska sygeplejerske sykepleier
lärare lærer hyresgäst lejer leietaker granne nabo vän venn mamma pappa bror syster søster søn sønn dotter datter hustru make mand mann farmor mormor morfar farfar avsändare afsender avsender mottagare modtager mottaker undertecknad undertegnede sökande förnamn efternamn fornavn efternavn etternavn navn namn
kollegani työntekijä kantaja vastaaja todistaja perillinen asianajaja tuomari potilas lääkäri hoitaja oppilas opettaja vuokralainen naapuri ystävä äiti isä veli sisko poika tytär vaimo aviomies lähettäjä vastaanottaja hakija etunimi sukunimi nimi allekirjoittanut
çalışan stajyer davacı davalı sanık tanık mirasçı noter hakim avukat avukatı müvekkil hasta doktor hemşire öğrenci öğretmen kiracı sahibi komşu komşum arkadaşım arkadaşı annem babam kardeşim ablam abim oğlum kızım eşim teyze amca dayı hala gönderen alıcı sigortalı başvuran vekili müdür müdürü soyad soyadı adı isim ismi
синьор истец ответчик свидетель наследник нотариус судья адвокат пациент пациентка врач медсестра ученик ученица студент студентка учитель учительница арендатор сосед соседка друг подруга мать отец мама папа брат сестра сын дочь жена муж бабушка дедушка тётя тетя дядя отправитель получатель заявитель сотрудник сотрудница коллега клиент клиентка заказчик директор менеджер бухгалтер водитель плательщик имя фамилия отчество фио автор меня зовут гражданин гражданка господин господина господину госпожа госпожу госпоже подписал
позивач відповідач свідок спадкоємець нотаріус суддя пацієнт пацієнтка лікар учень учениця вчитель вчителька орендар сусід сусідка мати батько син донька дружина чоловік відправник одержувач отримувач заявник співробітник співробітниця колега клієнт клієнтка ім'я прізвище піб мене звати звуть громадянин громадянка пан пані пане
казвам се име собственик ищец ответник свидетел лекар съпруг съпруга майка баща господине госпожо г-н г-жа казва
κύριε κυρία κύριος κυρίου κυρίας κυρίαν κυρια κυριε κος κα κ δρ ασθενής ασθενη ασθενούς ιατρός γιατρός δικηγόρος ενάγων εναγόμενος μάρτυρας ενοικιαστής όνομα ονοματεπώνυμο επώνυμο πελάτης πελάτισσα υπάλληλος μαθητής μαθήτρια καθηγητής δασκάλα μητέρα πατέρας αδελφός αδελφή γιος κόρη σύζυγος λέγομαι λένε φίλος φίλη αποστολέας παραλήπτης υπογράφων δικαιούχος
wakili mgonjwa mwanafunzi mteja mwalimu jina
pasien pelanggan karyawan mahasiswa siswa guru dokter perawat penyewa tetangga saksi terdakwa penggugat tergugat pengirim penerima nama istri suami anak kakak adik nasabah pekerja pelajar pesakit
bệnh nhân khách hàng viên học sinh giáo bác sĩ luật sư họ tên
petugas pemohon
`

// honorifics stand after a name.
const honorifics = `
bey hanim hanım beyefendi hanımefendi hocam agabey abi abla teyze amca ji jee saheb sahib sahab bhai bhaiya didi ben garu kaka dada anna akka madam sir maam ma'am mam úr urnak urral asszony asszonynak kisasszony néni bácsi jr esq phd md rn cpa dds sensei san sama kun chan sahibzada effendi
`

// moreSpeech are verbs after the name of a person, in many languages.
const moreSpeech = `
pinned joined says said writes reacted uploaded shared edited commented approved merged pushed started scheduled invited accepted declined requested missed forwarded resigned retired died passed married
lives works moved studied graduated earns weighs suffers complains complained insists insisted admitted denied testified stated declares declared claims claimed hereby loves hates likes enjoys
phoned rang messaged texted emailed cried laughed smiled nodded shrugged whispered shouted yelled sighed
has's who whose whom
sagt sagte meint meinte schreibt schrieb fragt fragte antwortete rief wohnt arbeitet lebt kommt bittet bat erklärt erklärte möchte glaubt glaubte liebt hasst verkauft leidet klagt klagte kündigte heiratete verstarb hatte kam ging
dit disait écrit demande demanda répond répondit habite travaille vit adore déteste aime vend appelle souhaite veut pense croit explique souffre déclare déclara affirme signe arrive viendra
dice dijo escribe escribió pregunta preguntó respondió vive trabaja quiere vende adora ama odia cree piensa explicó firma declaró afirma sufre llamó llegó viene nació murió llega
disse diz escreveu escreve perguntou pergunta respondeu mora trabalha quer odeia acha pensa explicou assina declarou sofre ligou chegou nasceu morreu chega
ha scrive scrisse chiede chiese rispose abita lavora vuole crede spiega spiegò dichiara dichiarò afferma soffre arriva nacque morì verrà
zegt zei schrijft schreef vraagt vroeg antwoordde woont werkt wil verkoopt houdt haat denkt gelooft tekent verklaart belde komt kwam
mówi powiedział powiedziała pisze napisał napisała pyta zapytał zapytała odpowiedział mieszka pracuje chce sprzedaje kocha uważa podpisał podpisała dzwonił dzwoniła przyjdzie ma
říká řekl řekla píše napsal napsala ptá bydlí prodává miluje volal volala přijde
säger sade sa skriver skrev frågar frågade bor jobbar vill säljer älskar tycker ringde kommer sier spør spurte jobber selger elsker ringte siger sagde spørger arbejder sælger ringede
sanoi sanoo kirjoitti kysyi asuu
dedi diyor yazdı yazıyor sordu soruyor aradı geldi gelecek yaşıyor çalışıyor istiyor seviyor satıyor imzaladı
mondta mondja írta kérdezte lakik dolgozik
spune spus întreabă locuiește lucrează vrea
сказал сказала говорит пишет написал написала спросил спросила ответил ответила живёт живет работает хочет просит просил просила позвонил позвонила пришёл пришла придёт подписал подписала родился родилась
сказав пише написав запитав запитала живе працює хоче подзвонив подзвонила народився народилася
`
