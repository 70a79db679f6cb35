package masking

import "slices"

// Rule is one way to find an entity.
type Rule struct {
	Name    string
	Entity  Entity
	Finds   string   // what it finds, in a phrase
	Score   float64  // how sure it is, from 0 to 1
	Context []string // words that it needs, or that help it, within 64 bytes before; without case and accents
	Source  string   // the specification

	id      entityID
	bit     entitySet
	context flags
}

type ruleID uint8

const (
	ruleEmail ruleID = iota
	rulePhoneE164
	rulePhoneNANP
	rulePhoneTrunk
	rulePhoneNational
	rulePhoneContext
	ruleSSN
	ruleSSNContext
	ruleITIN
	ruleRouting
	ruleNPI
	ruleMBI
	ruleCard
	ruleIBAN
	ruleIPv4
	ruleIPv6
	ruleMAC
	ruleURLUser
	ruleURLQuery
	ruleJWT
	ruleBearer
	ruleBasic
	ruleAPIKey
	rulePassword
	ruleSecret
	rulePrivateKey
	ruleBirthDate
	ruleBase58
	ruleBech32
	ruleEthereum
	ruleNHS
	ruleNINO
	ruleAadhaar
	ruleCPF
	ruleCodiceFiscale
	ruleBSN
	rulePESEL
	ruleNIF
	ruleNIE
	ruleName
	ruleCount
)

// Rules returns all rules, by entity in the order of [Entities].
func Rules() []Rule {
	rules := ruleTable()
	entities := Entities()
	for i := range rules {
		id := entityID(slices.Index(entities, rules[i].Entity))
		rules[i].id, rules[i].bit, rules[i].context = id, id.bit(), id.context()
	}
	return rules[:]
}

func ruleTable() [ruleCount]Rule {
	phone := []string{
		"phone phones telephone tel tele mobile cell cellphone cellular fax call calls called calling dial dialed dialled whatsapp sms text texted ring rang reach ph mob hotline helpline landline voicemail",
		"handy telefon telefonnummer rufnummer handynummer durchwahl mobil mobilnummer ruckruf ruckrufnummer anrufen anruf erreichbar festnetz",
		"telephone portable appelez appeler joindre joignable telefono movil celular llama llame llamar llamame llamenos cellulare chiama chiamare chiamami recapito",
		"telefoon telefoonnummer bel bellen belt mobiel telefonu komorka komorkowy zadzwon zadzwonic dzwonic telefone telemovel ligar ligue zap ara arayin cep telefonunuz gsm hp nomor",
		"sip sips pjsip invite trunk caller callerid callee msisdn ani clid cli dialplan portable",
		"फोन मोबाइल फ़ोन दूरभाष тел телефон мобильный звоните позвоните denwa keitai dianhua shouji",
	}
	return [ruleCount]Rule{
		ruleEmail: {
			Name: "email", Entity: Email, Score: 0.98,
			Finds:  "a local part, @, and a domain of at least two labels or an address literal",
			Source: "RFC 5321, section 4.1.2; RFC 5322, section 3.4.1; RFC 6531",
		},
		rulePhoneE164: {
			Name: "phone-e164", Entity: Phone, Score: 0.97,
			Finds:  "a plus or 00, an assigned country code, and a number of the country's length, 15 digits at most",
			Source: "ITU-T E.164; ITU list of assigned country codes",
		},
		rulePhoneNANP: {
			Name: "phone-nanp", Entity: Phone, Score: 0.9,
			Finds:  "10 digits as 3-3-4 with an optional 1; the first two groups start with 2 to 9",
			Source: "North American Numbering Plan, ATIS-0300055",
		},
		rulePhoneTrunk: {
			Name: "phone-trunk", Entity: Phone, Score: 0.85,
			Finds:  "9 to 12 digits in the groups of a country with the trunk prefix 0: GB, DE, FR, IT, NL, IN, JP, AU, CN, TR, CH, BE, SE, KR and others",
			Source: "national numbering plans notified to the ITU (ITU-T E.129)",
		},
		rulePhoneNational: {
			Name: "phone-national", Entity: Phone, Score: 0.8,
			Finds:  "the groups of a country without a trunk prefix: ES, PL, PT, IT, BR, IN, MX, CN, CZ, GR, RU, AU",
			Source: "national numbering plans notified to the ITU (ITU-T E.129)",
		},
		rulePhoneContext: {
			Name: "phone-context", Entity: Phone, Score: 0.75, Context: phone,
			Finds:  "7 to 12 digits without a plan's separators, after a word for telephone",
			Source: "ITU-T E.164; national numbering plans",
		},
		ruleSSN: {
			Name: "ssn", Entity: SSN, Score: 0.9,
			Finds:  "9 digits as 3-2-4; not area 000, 666 or 9xx, group 00 or serial 0000",
			Source: "SSA, Social Security Number Randomization; 20 CFR 422.103",
		},
		ruleSSNContext: {
			Name: "ssn-context", Entity: SSN, Score: 0.85, Context: []string{"ssn ssns social socsec taxpayer"},
			Finds:  "the same digits without separators, after a word of the context",
			Source: "SSA, Social Security Number Randomization; 20 CFR 422.103",
		},
		ruleITIN: {
			Name: "itin", Entity: ITIN, Score: 0.92, Context: []string{"itin itins taxpayer tin"},
			Finds:  "9 digits as 9xx-xx-xxxx with group 50 to 65, 70 to 88, 90 to 92 or 94 to 99; without separators after a word of the context",
			Source: "IRS, Internal Revenue Manual 3.21.263",
		},
		ruleRouting: {
			Name: "routing-number", Entity: RoutingNumber, Score: 0.9, Context: []string{"routing aba rtn transit micr"},
			Finds:  "9 digits with an assigned prefix and the weights 3-7-1, after a word of the context",
			Source: "ANSI X9; ABA Routing Number Policy",
		},
		ruleNPI: {
			Name: "npi", Entity: NPI, Score: 0.9, Context: []string{"npi provider npis"},
			Finds:  "10 digits that start with 1 or 2 and pass Luhn with the prefix 80840, after a word of the context",
			Source: "45 CFR 162.406; CMS, NPI check digit",
		},
		ruleMBI: {
			Name: "mbi", Entity: MBI, Score: 0.95,
			Finds:  "11 characters, each of its position's kind; with or without dashes as 4-3-4",
			Source: "CMS, Understanding the MBI Format",
		},
		ruleCard: {
			Name: "credit-card", Entity: CreditCard, Score: 0.95, Context: []string{
				"card cards visa mastercard amex discover maestro credit debit pan cc ccnum cardnumber karte kreditkarte kreditkartennummer kartennummer carte bancaire tarjeta carta cartao kaart creditcard karta karty kart karti kredi",
			},
			Finds:  "12 to 19 digits of an issuer's range and length that pass Luhn",
			Source: "ISO/IEC 7812-1; the issuers' published ranges",
		},
		ruleIBAN: {
			Name: "iban", Entity: IBAN, Score: 0.98,
			Finds:  "a country of the registry with its length, and a remainder of 1 modulo 97; compact or in groups of 4",
			Source: "ISO 13616-1; SWIFT IBAN Registry",
		},
		ruleIPv4: {
			Name: "ipv4", Entity: IPAddress, Score: 0.9, Context: []string{
				"ip ips ipv addr address addresses host hosts hostname server servers client peer remote local src dst source destination gateway router dns nameserver resolver ping pings traceroute ssh login logged logins connect connected connecting connection connections listen listening bind subnet network netmask proxy firewall blocked banned ban port interface eth inet endpoint upstream downstream tcp udp icmp http https ftp visitor adresse adres direccion endereco indirizzo serveur servidor",
			},
			Finds:  "four numbers from 0 to 255 with dots, not after a word for a version or a chapter; four numbers below 32 only beside a port, a mask, a time or a word of the context",
			Source: "RFC 791; RFC 6943, section 3.1.1",
		},
		ruleIPv6: {
			Name: "ipv6", Entity: IPAddress, Score: 0.93,
			Finds:  "eight groups of hexadecimal digits, or fewer with one ::",
			Source: "RFC 4291, section 2.2",
		},
		ruleMAC: {
			Name: "mac", Entity: MACAddress, Score: 0.93,
			Finds:  "six pairs of hexadecimal digits with colons or dashes, or three groups of four with dots",
			Source: "IEEE 802, EUI-48",
		},
		ruleURLUser: {
			Name: "url-user", Entity: URLCredentials, Score: 0.97,
			Finds:  "user:password before the @ of a URL",
			Source: "RFC 3986, section 3.2.1",
		},
		ruleURLQuery: {
			Name: "url-query", Entity: URLCredentials, Score: 0.985,
			Finds:  "the value of a parameter of a query with the name of a secret",
			Source: "RFC 3986, section 3.4; RFC 6750, section 2.3",
		},
		ruleJWT: {
			Name: "jwt", Entity: JWT, Score: 0.98,
			Finds:  "three or five parts of base64url, of which the first is a JSON object",
			Source: "RFC 7519, section 3; RFC 7515; RFC 7516",
		},
		ruleBearer: {
			Name: "bearer", Entity: Credential, Score: 0.9,
			Finds:  "the token68 after Bearer, Token or Digest in a header or a text",
			Source: "RFC 6750, section 2.1; RFC 9110, section 11.4",
		},
		ruleBasic: {
			Name: "basic", Entity: Credential, Score: 0.95,
			Finds:  "base64 of user:password after Basic",
			Source: "RFC 7617, section 2",
		},
		ruleAPIKey: {
			Name: "api-key", Entity: APIKey, Score: 0.97,
			Finds:  "the prefix, alphabet and length of a provider's keys, and of cpod_, cs_ and rt_",
			Source: "the providers' documentation of their key formats; API.md",
		},
		rulePassword: {
			Name: "password", Entity: Password, Score: 0.85,
			Finds:  "the value after password, pwd, passphrase and the like",
			Source: "names of fields in common use; CWE-532",
		},
		ruleSecret: {
			Name: "secret", Entity: Password, Score: 0.8,
			Finds:  "the value after secret, token, api_key and the like, when it looks like a secret",
			Source: "names of fields in common use; CWE-532",
		},
		rulePrivateKey: {
			Name: "private-key", Entity: PrivateKey, Score: 0.99,
			Finds:  "a PEM block of a private key, on several lines or on one with \\n",
			Source: "RFC 7468, sections 2, 10 and 11; RFC 4716",
		},
		ruleBirthDate: {
			Name: "date-of-birth", Entity: DateOfBirth, Score: 0.85, Context: []string{
				"born birth birthday dob bday birthdate dateofbirth birthdays geboren geburtsdatum geburtstag geb ne nee naissance nato nata nascita nacido nacida nacimiento nacio naci nascido nascida nascimento nasceu geboortedatum urodzony urodzona urodzenia ur dogum dogumlu dogdu fodt fodd fodelsedatum fodselsdato syntynyt narozen narozena जन्म рождения родился родилась",
			},
			Finds:  "a date of the years 1900 to 2029 after a word for birth",
			Source: "ISO 8601; CLDR date patterns",
		},
		ruleBase58: {
			Name: "base58check", Entity: CryptoAddress, Score: 0.97,
			Finds:  "a Bitcoin, Litecoin, Dogecoin or Tron address whose double SHA-256 checksum holds",
			Source: "Bitcoin wiki, Base58Check encoding",
		},
		ruleBech32: {
			Name: "bech32", Entity: CryptoAddress, Score: 0.97,
			Finds:  "a segregated witness address whose checksum holds",
			Source: "BIP 173; BIP 350",
		},
		ruleEthereum: {
			Name: "ethereum", Entity: CryptoAddress, Score: 0.97, Context: []string{"eth ethereum wallet erc address usdt usdc"},
			Finds:  "0x and 40 hexadecimal digits whose capitals are the checksum; of one case after a word of the context",
			Source: "EIP-55",
		},
		ruleNHS: {
			Name: "nhs-number", Entity: NHSNumber, Score: 0.96, Context: []string{"nhs"},
			Finds:  "10 digits as 3-3-4 or without separators that pass modulo 11, after NHS",
			Source: "NHS Data Dictionary, NHS NUMBER",
		},
		ruleNINO: {
			Name: "nino", Entity: NINO, Score: 0.92,
			Finds:  "two letters of an allocated prefix, six digits, and A to D; compact or in pairs",
			Source: "HMRC, National Insurance Manual NIM39110",
		},
		ruleAadhaar: {
			Name: "aadhaar", Entity: Aadhaar, Score: 0.94, Context: []string{"aadhaar aadhar adhaar uidai uid आधार"},
			Finds:  "12 digits that start with 2 to 9 and pass Verhoeff, as 4-4-4; without separators after a word of the context",
			Source: "UIDAI, Aadhaar Number Structure",
		},
		ruleCPF: {
			Name: "cpf", Entity: CPF, Score: 0.95, Context: []string{"cpf contribuinte"},
			Finds:  "11 digits with two check digits as 000.000.000-00; without separators after a word of the context",
			Source: "Receita Federal, Instrução Normativa RFB 1548/2015",
		},
		ruleCodiceFiscale: {
			Name: "codice-fiscale", Entity: CodiceFiscale, Score: 0.97,
			Finds:  "16 characters of its form, with replacements for homonyms, whose check character holds",
			Source: "Ministero delle Finanze, D.M. 23 December 1976",
		},
		ruleBSN: {
			Name: "bsn", Entity: BSN, Score: 0.93, Context: []string{"bsn burgerservicenummer burgerservice sofinummer sofi"},
			Finds:  "8 or 9 digits that pass the eleven test, after a word of the context",
			Source: "RvIG, Logisch ontwerp BSN",
		},
		rulePESEL: {
			Name: "pesel", Entity: PESEL, Score: 0.94, Context: []string{"pesel peselem peselu"},
			Finds:  "11 digits with a date and a check digit",
			Source: "Ustawa o ewidencji ludności, 24 September 2010, article 15",
		},
		ruleNIF: {
			Name: "nif", Entity: NIF, Score: 0.95,
			Finds:  "8 digits and their check letter",
			Source: "Real Decreto 1553/2005; Orden INT/2058/2008",
		},
		ruleNIE: {
			Name: "nie", Entity: NIF, Score: 0.95,
			Finds:  "X, Y or Z, 7 digits and their check letter",
			Source: "Real Decreto 557/2011; Orden INT/2058/2008",
		},
		ruleName: {
			Name: "name", Entity: Name, Score: 0.7,
			Finds:  "words with capitals of which one is a given or family name of the lists; or any after a form of address",
			Source: "lists of the package: given and family names of about 30 cultures",
		},
	}
}
