package masking

// Entity is a kind of data that is found and masked. Its placeholder is its name in
// brackets.
type Entity string

// The entities, in the order of [Entities].
const (
	Email          Entity = "EMAIL"
	Phone          Entity = "PHONE"
	SSN            Entity = "SSN"
	ITIN           Entity = "ITIN"
	RoutingNumber  Entity = "ROUTING_NUMBER"
	NPI            Entity = "NPI"
	MBI            Entity = "MBI"
	CreditCard     Entity = "CREDIT_CARD"
	IBAN           Entity = "IBAN"
	IPAddress      Entity = "IP_ADDRESS"
	MACAddress     Entity = "MAC_ADDRESS"
	URLCredentials Entity = "URL_CREDENTIALS"
	JWT            Entity = "JWT"
	Credential     Entity = "CREDENTIAL"
	APIKey         Entity = "API_KEY"
	Password       Entity = "PASSWORD"
	PrivateKey     Entity = "PRIVATE_KEY"
	DateOfBirth    Entity = "DATE_OF_BIRTH"
	CryptoAddress  Entity = "CRYPTO_ADDRESS"
	NHSNumber      Entity = "NHS_NUMBER"
	NINO           Entity = "NINO"
	Aadhaar        Entity = "AADHAAR"
	CPF            Entity = "CPF"
	CodiceFiscale  Entity = "CODICE_FISCALE"
	BSN            Entity = "BSN"
	PESEL          Entity = "PESEL"
	NIF            Entity = "NIF"
	Name           Entity = "NAME"
)

// Entities returns all entities, in the order that decides between equal findings.
func Entities() []Entity {
	return []Entity{
		Email, Phone, SSN, ITIN, RoutingNumber, NPI, MBI, CreditCard, IBAN, IPAddress, MACAddress, URLCredentials, JWT,
		Credential, APIKey, Password, PrivateKey, DateOfBirth, CryptoAddress, NHSNumber, NINO, Aadhaar, CPF,
		CodiceFiscale, BSN, PESEL, NIF, Name,
	}
}

func isEntity(name string) bool {
	switch Entity(name) {
	case Email, Phone, SSN, ITIN, RoutingNumber, NPI, MBI, CreditCard, IBAN, IPAddress, MACAddress, URLCredentials, JWT,
		Credential, APIKey, Password, PrivateKey, DateOfBirth, CryptoAddress, NHSNumber, NINO, Aadhaar, CPF,
		CodiceFiscale, BSN, PESEL, NIF, Name:
		return true
	}
	return false
}

// maxEntity is the length of the longest name of an entity, in bytes.
const maxEntity = 40

// entityID is the index of an entity in Entities.
type entityID uint

const (
	emailID entityID = iota
	phoneID
	ssnID
	itinID
	routingID
	npiID
	mbiID
	cardID
	ibanID
	ipID
	macID
	urlCredentialsID
	jwtID
	credentialID
	apiKeyID
	passwordID
	privateKeyID
	birthID
	cryptoID
	nhsID
	ninoID
	aadhaarID
	cpfID
	codiceFiscaleID
	bsnID
	peselID
	nifID
	nameID
)

// bit returns the set of one entity.
func (id entityID) bit() entitySet { return 1 << id }

// context returns the flag of words that are context of the entity.
func (id entityID) context() flags { return 1 << (contextShift + id) }

// entitySet has a bit for each entity.
type entitySet uint64

func (s entitySet) has(id entityID) bool { return s&id.bit() != 0 }
