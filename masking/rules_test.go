package masking_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/masking"
)

// TestEntities holds each rule to values of its specification, marked, and to near misses
// without a mark.
func TestEntities(t *testing.T) {
	t.Parallel()
	all := newMasker(t)
	for entity, table := range map[masking.Entity]struct{ hits, misses string }{
		masking.Email: {
			`write to ⟦alice@example.com⟧ please
<⟦first.last+tag@sub.example.co.uk⟧>
mail=⟦o'connor@example.org⟧;
"⟦"john doe"@example.com⟧" is quoted
to ⟦postmaster@[192.0.2.1]⟧ by literal
⟦用户@例子.广告⟧ is RFC 6531
連絡は⟦alice@example.com⟧まで
⟦user@xn--bcher-kva.example⟧ in ASCII
mailto:⟦a@b.example⟧?subject=hi
⟦!#$%&'*+-/=?^_{|}~@example.org⟧ is allowed by RFC 5322`,
			`follow @alice on the site
pkg@1.2.3 is a version
alice@localhost has one label
foo@ bar.com has a space
git@github.com:org/repo.git is a path
icon@2x.png is a file
@app.route("/x")
a@b has one label`,
		},
		masking.Phone: {
			`call ⟦555-867-5309⟧ now
call ⟦(555) 867-5309⟧ now
from ⟦+1 (212) 555-0143 ext. 12⟧ today
⟦+44 20 7946 0958⟧ in London
or ⟦020 7946 0958⟧ from here
Fax ⟦030/1234567⟧ Berlin
le ⟦01 23 45 67 89⟧ à Paris
al ⟦612 345 678⟧ de tarde
⟦347 123 4567⟧ in Italia
⟦06-12345678⟧ in Nederland
⟦22 123 45 67⟧ w Warszawie
⟦(11) 98765-4321⟧ em São Paulo
⟦98765 43210⟧ in Pune
⟦03-1234-5678⟧ in Tokyo
⟦0412 345 678⟧ in Sydney
⟦55 1234 5678⟧ en México
⟦138 0013 8000⟧ in China
⟦0532 123 45 67⟧ in Ankara
mobile ⟦5558675309⟧ now`,
			`order 5558675309 shipped
115-867-5309 has no such area
555-167-5309 has no such exchange
+99 123 4567 890 has no country
version 555.867
12-34-5678 is short
2026-11-30 16:35
612 345 678 € in total
0x5558675309`,
		},
		masking.SSN: {
			`id ⟦123-45-6789⟧ ok
id ⟦123 45 6789⟧ ok
SSN ⟦123456789⟧ ok
ssn: ⟦899-99-9999⟧
social security number ⟦001010001⟧
(⟦665-01-0001⟧)`,
			`id 000-45-6789 bad
id 666-45-6789 bad
id 900-45-6789 bad
id 123-00-6789 bad
id 123-45-0000 bad
id 123456789 bare
id 123-45-6789-1 longer
x123-45-6789`,
		},
		masking.ITIN: {
			`id ⟦900-50-1234⟧ ok
id ⟦912-65-1234⟧ ok
id ⟦999-70-1234⟧ ok
id ⟦912-88-1234⟧ ok
id ⟦912-92-1234⟧ ok
ITIN ⟦912991234⟧ ok`,
			`id 912-49-1234 no
id 912-66-1234 no
id 912-69-1234 no
id 912-89-1234 is not
id 912-93-1234 is an ATIN
id 912701234 bare`,
		},
		masking.RoutingNumber: {
			`routing ⟦021000021⟧ ok
ABA ⟦011401533⟧ ok
routing number: ⟦122105278⟧
RTN ⟦322271627⟧
transit number ⟦061000104⟧
aba=⟦267084131⟧`,
			`routing 021000022 fails
021000021 without context
routing 131000021 prefix
routing 0210000211 long
order 122105278 shipped
routing 02100002 short`,
		},
		masking.NPI: {
			`NPI ⟦1234567893⟧ ok
npi: ⟦1245319599⟧
provider ⟦1003000126⟧ ok
NPI number ⟦1679576722⟧
(NPI ⟦1234567893⟧)
npi=⟦1080230026⟧`,
			`NPI 1234567890 fails
1234567893 without context
NPI 3234567893 starts with 3
NPI 123456789 short
NPI 12345678930 long
NPI 1234567894 fails`,
		},
		masking.MBI: {
			`id ⟦1EG4-TE5-MK73⟧ ok
id ⟦1EG4TE5MK73⟧ ok
MBI: ⟦9AA9AA9AA99⟧
(⟦2WW8-W00-WW00⟧)
id ⟦7CC7-C77-CC77⟧.
mbi=⟦4DD4D44DD44⟧`,
			`id 0EG4-TE5-MK73 zero
id 1SG4-TE5-MK73 S
id 1EG4-TE5-MK7 short
id 1EGA-TE5-MK73 letter
id 1EG4-TE5-MB73 B
id 1EG4-TE5-MK733 long`,
		},
		masking.CreditCard: {
			`pay ⟦4111 1111 1111 1111⟧ now
pay ⟦4111111111111111⟧ now
pay ⟦5555-5555-5555-4444⟧ now
amex ⟦3782 822463 10005⟧ now
amex ⟦371449635398431⟧ now
⟦6011111111111117⟧ is discover
diners ⟦30569309025904⟧ now
jcb ⟦3530111333300000⟧ now
mc ⟦2223003122003222⟧ now`,
			`pay 4111 1111 1111 1112 now
pay 4111111111111112 now
pay 9111111111111111 issuer
pay 411111111111111 short
0000000000000000
order 4111111111111111 shipped
4111.1111.1111.1111`,
		},
		masking.IBAN: {
			`to ⟦DE89370400440532013000⟧ ok
to ⟦DE89 3704 0044 0532 0130 00⟧ ok
to ⟦GB29NWBK60161331926819⟧ ok
to ⟦FR1420041010050500013M02606⟧ ok
to ⟦NO9386011117947⟧ ok
to ⟦MT84MALT011000012345MTLCAST001S⟧ ok
to ⟦NL91 ABNA 0417 1643 00⟧ ok
to ⟦de89 3704 0044 0532 0130 00⟧ ok`,
			`to DE88370400440532013000 fails
to DE8937040044053201300 short
to DE893704004405320130000 long
to XX89370400440532013000 country
to de88370400440532013000 fails
DE89 is a start
to DE89 3704 0044 0532 01300 0 groups`,
		},
		masking.IPAddress: {
			`from ⟦203.0.113.7⟧ ok
from ⟦203.0.113.7⟧:8080 ok
net ⟦10.0.0.0⟧/8
http://⟦192.0.2.1⟧/path
at ⟦2001:db8::1⟧ ok
at ⟦fe80::1⟧%eth0 ok
at ⟦::1⟧ ok
at ⟦::ffff:192.0.2.128⟧ ok
at ⟦2001:db8:0:0:8:800:200c:417a⟧ ok
[⟦2001:db8::2⟧]:443`,
			`version 1.2.3.4 out
v1.2.3.4 out
Chrome/120.0.6099.71
from 256.1.1.1 bad
1.2.3.4.5 is longer
from 1.2.3 short
12:34:56 time
std::vector<int>
a::b::c
1:2:3:4:5:6:7:8:9`,
		},
		masking.MACAddress: {
			`mac ⟦00:1a:2b:3c:4d:5e⟧ ok
mac ⟦00-1A-2B-3C-4D-5E⟧ ok
mac ⟦001a.2b3c.4d5e⟧ ok
mac ⟦AA:BB:CC:DD:EE:FF⟧ ok
(⟦de:ad:be:ef:00:01⟧)
mac=⟦ff:ff:ff:ff:ff:ff⟧`,
			`mac 00:1a:2b:3c:4d short
mac 00:1a:2b:3c:4d:5e:6f:70 long
mac 00:1a:2b:3c:4d:5g bad
mac 00:1a:2b:3c:4d-5e mixed
SHA1 00:1a:2b:3c:4d:5e:6f:70:81:92:a3:b4
01-02-2026 date`,
		},
		masking.URLCredentials: {
			`https://⟦user:pass⟧@example.com/x
postgres://⟦app:s3cret⟧@db/main
ftp://⟦a:b⟧@host
GET /cb?token=⟦abc123⟧&x=1
https://e.example/?x=1&api_key=⟦k9x⟧
https://e.example/?X-Amz-Signature=⟦0a1b2c⟧#top
wss://e.example/?access_token=⟦t0k⟧`,
			`https://user@example.com/x
https://example.com:8080/x
https://e.example/?page=2
https://e.example/?key=home
what?token=
https://e.example/?token=[URL_CREDENTIALS]
time: 10://x`,
		},
		masking.JWT: {
			`t ⟦eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln⟧ ok
t=⟦eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln⟧;
"⟦eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln⟧"
Bearer ⟦eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln⟧
t ⟦eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn⟧ is a JWE
t ⟦eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.⟧ has none`,
			`eyJhbGciOiJIUzI1NiJ9 alone
eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0 two
eyJ is a start
eyJxxxxxxxxx.aaaa.bbbb
abceyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln
eyJ.eyJ.eyJ`,
		},
		masking.Credential: {
			`Authorization: Bearer ⟦mF_9.B5f-4.1JqM⟧
Authorization: Basic ⟦QWxhZGRpbjpvcGVuIHNlc2FtZQ==⟧
authorization: bearer ⟦a1b2c3d4e5⟧
with Bearer ⟦2YotnFZFEjr1zCsicMWpAA⟧ sent
-H "Authorization: Basic ⟦dXNlcjpwYXNz⟧"
Proxy-Authorization: Basic ⟦dGVzdDoxMjPCow==⟧`,
			`bearer of news
Basic authentication
Bearer token
Basic QWxhZGRpbg== has no colon
Authorization: required
Bearer [CREDENTIAL]`,
		},
		masking.APIKey: {
			`k ⟦AKI¦AIOSFODNN7EXAMPL2⟧ ok
k ⟦ghp¦_16C7e42F292c6912E7710c838347Ae178B4a⟧ ok
k ⟦xox¦b-123456789012-123456789012-abcDEF123456abcDEF123456⟧ ok
k ⟦sk-¦abcDEF0123456789abcDEF0123456789⟧ ok
k ⟦AIz¦aSyA1234567890abcdefghijklmnopqrstuv⟧ ok
k ⟦cpod_0123456789abcdefghijABCDEFGHIJ0123456789-_x⟧ ok
k ⟦cs_0123456789abcdefghijABCDEFGHIJ0123456789-_x⟧ ok
k ⟦rt_0123456789abcdefghijABCDEFGHIJ0123456789-_x⟧ ok
k ⟦npm¦_0123456789abcdefghijABCDEFGHIJ012345⟧ ok`,
			`k AKIA123 short
k ghp_short
k sk-button-large
k cs_client_module
k rt_0123456789 short
k npm_config_registry
k xoxb- prefix
k AIzaSy short`,
		},
		masking.Password: {
			`password=⟦hunter2⟧ ok
"password": "⟦Tr0ub4dor&3⟧"
pwd: ⟦s3cret⟧ ok
DB_PASSWORD=⟦x9!k⟧
{"secret":"⟦b7f3a9⟧"}
passwd ⟦hunter2⟧ set
the password is ⟦hunter2⟧ now
Passwort: ⟦geheim1⟧
contraseña: ⟦clave99⟧
dbPassword := "⟦open sesame please⟧"`,
			`password: required
password = os.Getenv("X")
"password": ""
password=${DB}
password reset sent
if password == nil
password: ********
the secret of life`,
		},
		masking.PrivateKey: {
			`⟦-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----⟧
k="⟦-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----⟧"
⟦-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----⟧ end
⟦-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----⟧
⟦-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIF\n-----END ENCRYPTED PRIVATE KEY-----⟧
⟦-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQOY\n-----END PGP PRIVATE KEY BLOCK-----⟧`,
			`-----BEGIN PUBLIC KEY-----
-----BEGIN CERTIFICATE-----
-----BEGIN PRIVATE-----
---BEGIN PRIVATE KEY---
BEGIN PRIVATE KEY
-----END PRIVATE KEY-----`,
		},
		masking.DateOfBirth: {
			`born ⟦1980-05-12⟧ ok
DOB: ⟦05/12/1980⟧
date of birth ⟦12.05.1980⟧
born on ⟦May 12, 1980⟧ in Rome
geboren am ⟦12. Mai 1980⟧
née le ⟦12 mai 1980⟧
nacido el ⟦12 de mayo de 1980⟧
生年月日：⟦1980年5月12日⟧`,
			`due 1980-05-12 ok
born 1980-13-45 no
the date 12.05.1980
born in 1980
created 05/12/1980
May 12, 1980 was a Monday
birth rate 12.05`,
		},
		masking.CryptoAddress: {
			`to ⟦1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa⟧ ok
to ⟦3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy⟧ ok
to ⟦bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4⟧ ok
to ⟦bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0⟧ ok
to ⟦0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed⟧ ok
eth wallet ⟦0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed⟧ ok`,
			`to 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb bad
to 3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLz bad
to bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5 bad
to 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD bad
to 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeA short
hash 0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed`,
		},
		masking.NHSNumber: {
			`NHS ⟦943 476 5919⟧ ok
NHS ⟦9434765919⟧ ok
NHS no: ⟦401 023 2137⟧
nhs number ⟦943-476-5919⟧
(NHS ⟦4010232137⟧)
⟦9434765919⟧ NHS`,
			`NHS 943 476 5918 fails
NHS 9434765910 fails
NHS 943476591 short
NHS 94347659190 long
9434765919 alone
NHS 1111111111`,
		},
		masking.NINO: {
			`NI ⟦AB123456C⟧ ok
NI ⟦AB 12 34 56 C⟧ ok
NI ⟦JG103759A⟧ ok
(⟦CE123456D⟧)
NI: ⟦WK442212D⟧.
ni=⟦SH336574A⟧`,
			`NI QQ123456C prefix
NI BG123456C prefix
NI AO123456C letter
NI AB123456E suffix
NI AB12345C short
NI DA123456C first`,
		},
		masking.Aadhaar: {
			`id ⟦2345 6789 0124⟧ ok
id ⟦2345-6789-0124⟧ ok
Aadhaar ⟦234567890124⟧ ok
id ⟦4991 1866 5246⟧ ok
आधार ⟦499118665246⟧ ok
uid: ⟦2341 2341 2346⟧`,
			`id 2345 6789 0123 fails
id 234567890124 bare
id 1345 6789 0124 first
id 2345 6789 0124 5555 longer
Aadhaar 234567890123 fails
order 234567890124 shipped`,
		},
		masking.CPF: {
			`id ⟦529.982.247-25⟧ ok
CPF ⟦52998224725⟧ ok
CPF: ⟦111.444.777-35⟧
cpf=⟦11144477735⟧
(⟦123.456.789-09⟧)
CPF nº ⟦935.411.347-80⟧`,
			`id 529.982.247-24 fails
CPF 52998224724 fails
id 111.111.111-11 repeated
id 529.982.247 short
52998224725 bare
id 529.982.247-255 long`,
		},
		masking.CodiceFiscale: {
			`cf ⟦RSSMRA85T10A562S⟧ ok
(⟦MRTMTT91D08F205J⟧)
cf: ⟦BNCGLI80A41H501C⟧
⟦VRDLCU75B15F205Z⟧;
cf=⟦RSSMRA85T10A56NH⟧
è ⟦RSSMRA85T10A562S⟧.`,
			`cf RSSMRA85T10A562T check
cf RSSMRA85F10A562S month
cf RSSMRA85T10A56S short
cf RSSMRA85T10A5622S long
cf 1SSMRA85T10A562S form
cf xRSSMRA85T10A562S`,
		},
		masking.BSN: {
			`BSN ⟦111222333⟧ ok
BSN: ⟦123456782⟧
burgerservicenummer ⟦123456782⟧
bsn=⟦111222333⟧
BSN ⟦1234.56.782⟧ ok
(BSN ⟦123456782⟧)`,
			`BSN 123456789 fails
123456782 alone
BSN 12345678 fails
BSN 1234567820 long
order 123456782 shipped
BSN 111222334 fails`,
		},
		masking.PESEL: {
			`nr ⟦44051401359⟧ ok
PESEL ⟦02070803628⟧ ok
PESEL: ⟦44051401458⟧
pesel=⟦90090515836⟧
(⟦44051401359⟧)
nr PESEL ⟦92071314764⟧.`,
			`id 44051401358 fails
id 44133401359 date
id 4405140135 short
id 440514013590 long
order 44051401359 shipped
x44051401359`,
		},
		masking.NIF: {
			`id ⟦12345678Z⟧ ok
id ⟦X1234567L⟧ ok
DNI ⟦00000001R⟧ ok
NIE ⟦Y1234567X⟧ ok
(⟦Z1234567R⟧)
nif=⟦99999999R⟧;
DNI ⟦12.345.678-Z⟧ ok`,
			`id 12345678A fails
id X1234567M fails
id 1234567Z short
id 123456789Z long
id W1234567L first
id 12345678z case`,
		},
		masking.Name: {
			`Call ⟦Alice⟧ at noon
I met ⟦Grace Hopper⟧ today
Dear ⟦Priyal⟧, welcome back
Mr. ⟦Xylander⟧ is late
Frau ⟦Müller⟧ ist krank
with ⟦José García López⟧ and others
by ⟦Pieter van den Berg⟧ in May
from ⟦Tanaka Hiroshi⟧ in Osaka
from ⟦Nguyễn Văn An⟧ in Hue
⟦Fatima Al-Hassan⟧ has signed it
⟦William H. Turner⟧ has signed it
"⟦Siobhan O'Brien⟧", Dublin, IE`,
			`Will you mark the date in May?
Rose petals and Olive oil
Paris and Jordan are places
Hunter season opens soon
Hong Kong and New York
Johnson & Johnson shares fell
Dear Customer, welcome back
Victoria Station is closed
Wells Fargo Bank opened
Visual Studio Code update`,
		},
	} {
		t.Run(string(entity), func(t *testing.T) {
			t.Parallel()
			if h, m := strings.Count(table.hits, "\n")+1, strings.Count(table.misses, "\n")+1; h < 6 || m < 6 {
				t.Errorf("%d hits and %d misses; both must be at least 6", h, m)
			}
			for line := range strings.Lines(table.hits + "\n" + table.misses) {
				line = strings.TrimSuffix(line, "\n")
				text, want := parseLabels(strings.ReplaceAll(line, "⟦", "⟦"+string(entity)+"|"))
				var got []label
				for _, f := range all.Find(nil, text) {
					if f.Entity == entity {
						got = append(got, label{f.Entity, f.Start, f.End})
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s: found %v, want %v", line, texts(text, got), texts(text, want))
				}
			}
		})
	}
}
