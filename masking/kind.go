package masking

// kind is what a byte can be part of. A byte of a code point above U+007F has none of
// these.
type kind uint8

const (
	digit kind = 1 << iota
	upper
	lower
	hex       // 0-9, A-F, a-f
	localPart // of an e-mail address, besides letters and digits
	base64url // A-Z, a-z, 0-9, - and _
	endsQuery // what ends the value of a parameter, besides white space
	endsValue // what ends the value of a field, besides white space

	letter = upper | lower
	alnum  = letter | digit
)

func byteKinds() [256]kind {
	var kinds [256]kind
	set := func(from, to byte, k kind) {
		for c := int(from); c <= int(to); c++ {
			kinds[c] |= k
		}
	}
	set('0', '9', digit|hex|base64url)
	set('A', 'Z', upper|base64url)
	set('a', 'z', lower|base64url)
	set('A', 'F', hex)
	set('a', 'f', hex)
	set('-', '-', base64url)
	set('_', '_', base64url)
	for _, c := range []byte("!#$%&'*+-/=?^_`{|}~.") { // atext of RFC 5322, section 3.2.3, and the dot
		set(c, c, localPart)
	}
	for _, c := range []byte("&#;\"'<>`|,)\\]}") {
		set(c, c, endsQuery)
	}
	for _, c := range []byte("\"'<>,;)}]|`") {
		set(c, c, endsValue)
	}
	return kinds
}

func isDigit(c byte) bool { return c-'0' < 10 }

func isUpper(c byte) bool { return c-'A' < 26 }

func isAlnum(c byte) bool { return c|0x20-'a' < 26 || c-'0' < 10 }

// action is what the scanner does at a byte.
type action uint8

const (
	pass         action = iota
	atDigit             // a number, or a word that starts with a digit
	atUpper             // a name, or an identifier that starts with a capital
	atHigh              // a name that starts with a letter above U+007F, or a full-width colon
	atAt                // an e-mail address
	atColon             // a URL, a secret after its key, an address of hexadecimal groups
	atEquals            // a secret after its key
	atQuery             // the query of a URL
	atUnderscore        // a key with a prefix
	atHyphen            // a key with a prefix, a UUID, a PEM block
	atW                 // a password after its word
	atTag               // a secret in an element of XML
	atBracket           // a placeholder
)

// byteActions returns what the entities that are on need.
func byteActions(on entitySet) [256]action {
	var actions [256]action
	set := func(a action, entities []entityID, bytes ...byte) {
		for _, e := range entities {
			if on.has(e) {
				for _, c := range bytes {
					actions[c] = a
				}
			}
		}
	}
	between := func(from, to byte) (bytes []byte) {
		for c := int(from); c <= int(to); c++ {
			bytes = append(bytes, byte(c))
		}
		return bytes
	}
	set(atDigit, []entityID{
		phoneID, ssnID, itinID, routingID, npiID, mbiID, cardID, ipID, macID, birthID, cryptoID,
		nhsID, aadhaarID, cpfID, bsnID, peselID, nifID, apiKeyID,
	}, between('0', '9')...)
	set(atUpper, []entityID{nameID, passwordID, ibanID, jwtID, credentialID, apiKeyID, ninoID, codiceFiscaleID, nifID, macID}, between('A', 'Z')...)
	set(atHigh, []entityID{nameID, passwordID}, between(0xC3, 0xD5)...)
	set(atHigh, []entityID{nameID, passwordID}, 0xE1, 0xEF)
	set(atHigh, []entityID{nameID}, between(0xD7, 0xDB)...) // Hebrew and Arabic
	set(atHigh, []entityID{nameID}, 0xE0)                   // Devanagari and Thai
	set(atHigh, []entityID{nameID}, between(0xE3, 0xED)...) // Chinese, Japanese and Korean
	set(atAt, []entityID{emailID}, '@')
	set(atColon, []entityID{urlCredentialsID, passwordID, credentialID, ipID, macID}, ':')
	set(atEquals, []entityID{passwordID}, '=')
	set(atQuery, []entityID{urlCredentialsID}, '?')
	set(atUnderscore, []entityID{apiKeyID}, '_')
	set(atHyphen, []entityID{apiKeyID, privateKeyID, macID}, '-')
	set(atW, []entityID{passwordID}, 'w')
	set(atBracket, []entityID{nameID, passwordID, ibanID, jwtID, credentialID, apiKeyID, ninoID, codiceFiscaleID, nifID, macID}, '[')
	set(atTag, []entityID{passwordID}, '>')
	return actions
}
