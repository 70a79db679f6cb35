package masking

// placeEndings end words that are streets and places, without accents.
const placeEndings = `strasse straße strase platz gasse allee straat plein gracht gatan gata vagen gade utca kirche schule klinik krankenhaus universitat hausen bach-strasse shire burgh ville abad`

// familyEndings end family names, without accents.
const familyEndings = `
ovic evic avic wicz icz czyk enko oglu sson dottir opoulos opoulou escu shvili zadeh nejad ewski owski ewska owska inski inska nski nska skaya iewicz moglu yevich ovich evich
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

// things are words, often in lower case, that make a thing of the name before them.
const things = `
theorem theorems lemma equation equations inequality algorithm compiler interpreter syndrome disease sarcoma lymphoma reflex effect paradox conjecture hypothesis constant coefficient
distribution transform transformation matrix polynomial filter scale cipher protocol number numbers razor machine telescope reactor engine cycle curve diagram process
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
tion tions ment ments ness ings ing ity ities ship ships ology ologies able ible ious eous ical ized ised ization isation ism isms fulness less ically ally ance ences ables ative atives izer
ung ungen heit heiten keit keiten schaft schaften nummer stelle
mente cion ciones dad dades miento mientos ancia encia cao coes dade dades zione zioni mento menti issimo
acja acje anie enie osc ego heid heden atie aties iteit erij eurs euses trice iques
`
