package storagetest

import (
	"strings"

	"github.com/cpodkit/cpodkit"
)

// listRequests list beyond the place.
func listRequests() []request {
	var all []request
	add := func(want []cpodkit.Code, params ...string) {
		for _, p := range params {
			all = append(all, request{line: "GET /v1/storage/files?" + p, want: want})
		}
	}
	add(invalidKey, "prefix=../", "prefix=..", "prefix=.", "prefix=/", "prefix=//", "prefix=../appx/", "prefix=../../", "prefix=%2e%2e%2f", "prefix=%00", "prefix=x%00", "prefix=x/../../appx/",
		"prefix=/t1/apps/appx/", "prefix=x//", "prefix=./", "prefix=%ff", "prefix=%c0%ae%c0%ae/", "prefix=%0a", "prefix="+strings.Repeat("k", 701), "prefix=../&delimiter=/")
	add(badRequest, "prefix=a&prefix=../", "prefix=&prefix=", "delimiter=..", "delimiter=", "delimiter=//", "delimiter=%00", "delimiter=a", "delimiter=/&delimiter=/", "limit=0", "limit=-1", "limit=501",
		"limit=1e3", "limit=0x10", "limit=99999999999999999999", "limit=%205", "limit=5%20", "limit=", "limit=٥", "limit=1&limit=500", "limit=1.0", "prefix=%zz", "limit=1;prefix=../")
	add(any200, "", "prefix=", "prefix=t1/", "prefix=t2/apps/app/", "prefix=$system/", "prefix=*", "prefix=%25", "prefix=_", "prefix=%5c", "prefix=..%5c", "prefix=%ef%bc%8e%ef%bc%8e/",
		"delimiter=/&prefix=t", "limit=500", "tier=private&limit=500")
	add(badRequest, "prefix[]=../", "Prefix=../", "after=../", "startAfter=t2/", "marker=../", "start-after=../", "recursive=true&root=/", "fields=*", "tenantId=t2", "path=../",
		"continuation-token=x", "ifValue=x")
	return all
}

// bodyRequests hide a place, a key or a tier in JSON.
func bodyRequests() []request {
	var all []request
	add := func(line string, want []cpodkit.Code, bodies ...string) {
		for _, body := range bodies {
			all = append(all, request{line: line, body: body, want: want})
		}
	}
	const urls, query, batch, entry = "POST /v1/storage/file-urls", "POST /v1/storage/db/things/query", "POST /v1/storage/db/things/batch", "PUT /v1/storage/kv/x"
	add(urls, invalidKey, `{"key":"../appx/x"}`, `{"key":"\u002e\u002e/appx/x"}`, `{"key":"\u002e\u002e\u002fappx"}`, `{"key":"/x"}`, `{"key":""}`, `{"key":"x\u0000"}`, `{"key":"x/../../appx/x"}`,
		`{"key":"../../shared/x","method":"PUT"}`, `{"key":"../../../$system/keys/x"}`, `{"key":"//x"}`, `{"key":"x/"}`, `{"key":"\u0085"}`, `{"key":"`+strings.Repeat("k", 201)+`"}`)
	add(urls, noScope, `{"key":"x","tier":"shared"}`, `{"key":"x","tier":"user"}`, `{"key":"x","tier":"shared","method":"PUT"}`, `{"key":"../x","tier":"shared"}`, `{"key":"x","tier":"\u0073hared"}`)
	add(urls, invalidBody, `{"key":"x","tier":"Shared"}`, `{"key":"x","tier":"system"}`, `{"key":"x","tier":["shared"]}`, `{"key":"x","tier":{"$ne":"private"}}`, `{"key":"x","tier":"private","tier":"shared"}`,
		`{"key":"x","key":"../appx/x"}`, `{"key":"x","k\u0065y":"../appx/x"}`, `{"Key":"x"}`, `{"key":"x","TIER":"shared"}`, `{"key":"x","tenantId":"t2"}`, `{"key":"x","appId":"appx"}`, `{"key":"x","userId":"ux"}`,
		`{"key":["x"]}`, `{"key":{"x":1}}`, `{"key":1}`, `{"key":"x","method":"DELETE"}`, `{"key":"x","method":"get"}`, `{"key":"x","method":""}`, `{"key":"x","method":["PUT"]}`, `{"key":"x","expiresIn":-1}`,
		`{"key":"x","expiresIn":0}`, `{"key":"x","expiresIn":1e99}`, `{"key":"x","expiresIn":"3600"}`, `{"key":"x","expiresIn":604801}`, `{"key":"x","expiresIn":3600.5}`, `{}`, `[]`, `"x"`, `null`, `{"__proto__":{"tier":"shared"},"key":"x"}`)
	add(urls, badRequest, `{`, ``, `{"key":"x"}{"key":"../x"}`, `{"key":"x",}`, `{'key':'x'}`, "{\"key\":\"\xff\"}", "\ufeff{\"key\":\"x\"}", strings.Repeat(`[`, 10_000))
	add(urls+"?tier=shared", badRequest, `{"key":"x"}`)
	add(urls+"?app=appx", badRequest, `{"key":"x"}`)

	add(query, invalidBody, `{"tier":"shared"}`, `{"collection":"others"}`, `{"space":"t2/apps/app/"}`, `{"tenantId":"t2"}`, `{"filter":[]}`, `{"filter":"1=1"}`, `{"filter":1}`, `{"sort":"key"}`, `{"sort":{"a":1,"b":1}}`,
		`{"sort":[["a"]]}`, `{"sort":{"a":"asc"}}`, `{"sort":{"a":0}}`, `{"limit":0}`, `{"limit":501}`, `{"limit":-1}`, `{"limit":"1"}`, `{"limit":1.5}`, `{"limit":1e10}`, `{"filter":{"a":{"in":[]}}}`, `{"filter":{"a":{"gt":null}}}`,
		`{"filter":{"a":{"gt":1,"x":2}}}`, `{"filter":{"a":1},"filter":{}}`, `{"filter":{"a":1,"a":2}}`, `{"Filter":{}}`, `{"filter":{"\ud800":1}}`, `{"filter":{"a":{"exists":"yes"}}}`, `{"skip":1}`, `{"projection":{}}`,
		`{"pipeline":[{"$match":{}}]}`, `{"sql":"select 1"}`, `{"limit":1,"limit":500}`, `{"cursor":1}`, `{"cursor":{}}`, `[]`, `null`,
		`{"filter":{`+strings.TrimSuffix(strings.Repeat(`"a":1,`, 40), ",")+`}}`)
	add(query, []cpodkit.Code{"", cpodkit.CodeValidationFailed}, `{"filter":{"$where":"sleep(1000)"}}`, `{"filter":{"$or":[{}]}}`, `{"filter":{"a') OR 1=1 --":1}}`, `{"filter":{"_id":{"exists":true}}}`, `{"filter":{"space":"t2/apps/app/"}}`,
		`{"filter":{"rowid":{"gte":0}}}`, `{"filter":{"a":{"$gt":""}}}`, `{"sort":{"$natural":-1}}`, `{"sort":{"space":1}}`, `{"sort":{"a'":1}}`, `{"sort":{"a; DROP TABLE documents":-1}}`, `{"filter":{"\u0000":1}}`, `{"filter":{"a\"]":1}}`,
		`{"filter":{"n":{"ne":1e400}}}`, `{"filter":{"n":{"gte":-1e400}}}`, `{"filter":{"n":123456789012345678901234567890}}`, `{"filter":{"":1,"a..b":1}}`, `{"filter":null}`, `{"filter":{}}`)
	add(query, badCursor, `{"cursor":""}`, `{"cursor":"x"}`, `{"cursor":"../x"}`, `{"cursor":"AAAA","filter":{}}`, `{"cursor":"\u0000"}`)
	add(query, badRequest, `{`, `{"filter":{"a":`+strings.Repeat(`[`, 100)+strings.Repeat(`]`, 100)+`}}`)

	add(batch, invalidBody, `{"ops":[]}`, `{"ops":{}}`, `{"ops":null}`, `{}`, `{"ops":[{"op":"get","key":"x"}]}`, `{"ops":[{"op":"SET","key":"x","value":1}]}`, `{"ops":[{"op":"set","key":"x"}]}`, `{"ops":[{"op":"delete"}]}`, `{"ops":[null]}`, `{"ops":[1]}`,
		`{"ops":[{"op":"set","key":"x","value":1,"tier":"shared"}]}`, `{"ops":[{"op":"set","key":"x","value":1,"collection":"others"}]}`, `{"ops":[{"op":"delete","key":"x","tenantId":"t2"}]}`,
		`{"ops":[{"op":"delete","key":"x","key":"../x"}]}`, `{"ops":[{"op":"delete","Key":"x"}]}`, `{"ops":[{"op":"delete","key":"x"}],"tier":"shared"}`, `{"ops":[{"op":"delete","key":["x"]}]}`, `{"ops":[{"op":"delete","key":1}]}`,
		`{"ops":[`+strings.TrimSuffix(strings.Repeat(`{"op":"delete","key":"x"},`, 501), ",")+`]}`)
	// Each op that is refused is told in the answer, and the others are done.
	add(batch, any200, `{"ops":[{"op":"delete","key":"../x"}]}`, `{"ops":[{"op":"set","key":"../../shared/x","value":1}]}`, `{"ops":[{"op":"delete","key":"\u002e\u002e"}]}`, `{"ops":[{"op":"delete","key":"/x"},{"op":"delete","key":"x\u0000"}]}`,
		`{"ops":[{"op":"set","key":"t2/apps/app/x","value":1}]}`, `{"ops":[{"op":"delete","key":"$system/keys/x"}]}`, `{"ops":[{"op":"delete","key":"*"},{"op":"delete","key":"%"}]}`, `{"ops":[{"op":"delete","key":""}]}`)

	add(entry, invalidBody, `{}`, `{"value":1,"tier":"shared"}`, `{"value":1,"key":"../x"}`, `{"value":1,"tenantId":"t2"}`, `{"value":1,"value":2}`, `{"Value":1}`, `{"value":1,"ttl":0}`, `{"value":1,"ttl":-1}`, `{"value":1,"ttl":1e99}`, `{"value":1,"ttl":"60"}`,
		`{"value":1,"ttl":315360001}`, `{"value":1,"ttl":9223372036854775807}`, `[]`, `null`)
	add(entry, badRequest, ``, `{`, `{"value":1}x`, "{\"value\":\"\xff\"}")
	add("POST /v1/storage/kv/none/incr", invalidBody, `{"by":"1"}`, `{"by":1.5}`, `{"by":1e99}`, `{"by":9223372036854775808}`, `{"by":1,"key":"../x"}`, `{"by":1,"tier":"shared"}`, `{"by":1,"by":2}`, `[]`)
	add("PUT /v1/storage/db/things/x", badRequest, ``, `{`, `{"a":1}}`, `nul`, `"\ud8`, strings.Repeat(`[`, 65)+strings.Repeat(`]`, 65), "\"\x00\"", "\xff")
	add("PUT /v1/storage/db/things/x", invalidBody, `{"a":1,"a":2}`, `{"a":{"b":1,"\u0062":2}}`)
	return all
}

// tokenRequests use cursors and signed URLs that are bent, or another's.
func tokenRequests(known tokens) []request {
	var all []request
	list := func(cursor string) {
		all = append(all, request{line: "GET /v1/storage/files?cursor=" + escape(cursor, ""), want: badCursor})
	}
	find := func(cursor string) {
		all = append(all, request{line: "POST /v1/storage/db/things/query", body: jsonText(map[string]string{"cursor": cursor}), want: badCursor})
	}
	for _, b := range bend(known.filesCursor) {
		if len(b.token) < 10_000 {
			list(b.token)
		}
	}
	for _, b := range bend(known.documentsCursor) {
		find(b.token)
	}
	for _, b := range known.foreignFilesCursors {
		list(b.token)
		find(b.token)
	}
	for _, b := range known.foreignQueryCursors {
		find(b.token)
		list(b.token)
	}
	find(known.filesCursor)
	list(known.documentsCursor)
	list(known.own)
	all = append(all,
		request{line: "GET /v1/storage/files?tier=user&cursor=" + known.filesCursor, tier: "user", want: badCursor},
		request{line: "GET /v1/storage/files?tier=shared&cursor=" + known.filesCursor, tier: "shared", want: badCursor},
		request{line: "GET /v1/storage/files?tier=shared&cursor=" + known.filesCursor, want: noScope},
		request{line: "GET /v1/storage/db?cursor=" + known.documentsCursor, want: badCursor},
		request{line: "POST /v1/storage/db/others/query", body: jsonText(map[string]string{"cursor": known.documentsCursor}), want: badCursor},
		request{line: "POST /v1/storage/db/things/query?tier=shared", tier: "shared", body: jsonText(map[string]string{"cursor": known.documentsCursor}), want: badCursor},
		request{line: "GET /v1/storage/files?cursor=" + known.filesCursor + "&cursor=" + known.filesCursor, want: badRequest},
		request{line: "GET /v1/storage/files?cursor=" + known.filesCursor + "&tier=private&tier=shared", want: badRequest},
		// It continues the list that it was made for, whatever stands beside it.
		request{line: "GET /v1/storage/files?cursor=" + known.filesCursor + "&prefix=t2/", want: any200},
	)
	if known.noSignedURLs {
		return all
	}
	const signed = "/v1/storage/signed/"
	refused := []cpodkit.Code{cpodkit.CodeForbidden, cpodkit.CodeNotFound, cpodkit.CodeInvalidKey}
	for _, b := range bend(known.signedGet) {
		if len(b.token) < 10_000 {
			all = append(all, request{line: "GET " + signed + escape(b.token, ""), noToken: true, want: refused})
		}
	}
	for _, b := range bend(known.signedPut)[:12] {
		all = append(all, request{line: "PUT " + signed + escape(b.token, ""), body: "1", noToken: true, want: refused})
	}
	for _, r := range []request{
		{line: "PUT " + signed + known.signedGet, body: "1", want: forbidden}, {line: "GET " + signed + known.signedPut, want: forbidden},
		{line: "HEAD " + signed + known.signedPut, want: forbidden}, {line: "DELETE " + signed + known.signedGet, want: wrongMethod}, {line: "DELETE " + signed + known.signedPut, want: wrongMethod},
		{line: "POST " + signed + known.signedPut, want: wrongMethod}, {line: "GET " + signed + known.filesCursor, want: forbidden}, {line: "GET " + signed + known.documentsCursor, want: forbidden},
		{line: "GET " + signed + known.signedGet + "/x", want: notFound}, {line: "GET " + signed + known.signedGet + "/../x"}, {line: "GET " + signed + known.signedGet + "%2f..%2fx", want: refused},
		{line: "GET " + signed + "../files/x", want: invalidKey}, {line: "GET " + signed + known.signedGet + "/", want: refused}, {line: "PUT " + signed + known.signedGet, body: "1", header: []string{"X-HTTP-Method-Override: GET"}, want: forbidden},
		{line: "POST " + signed + known.signedGet, header: []string{"X-HTTP-Method-Override: GET"}, want: wrongMethod}, {line: "GET " + signed + known.own},
		// What stands beside the token changes nothing of what it is for.
		{line: "GET " + signed + known.signedGet + "?tier=shared", want: any200}, {line: "GET " + signed + known.signedGet + "?key=x&tenantId=t2&app=appx", want: any200},
		{line: "GET " + signed + known.signedGet, header: []string{"Authorization: Bearer " + known.neighbour}, want: any200},
		{line: "GET " + signed + known.signedGet, header: []string{"Range: bytes=1-"}, want: []cpodkit.Code{cpodkit.CodeRangeNotSatisfiable}},
	} {
		r.noToken = true
		all = append(all, r)
	}
	return all
}
