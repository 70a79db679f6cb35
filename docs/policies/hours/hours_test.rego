package http_test

import data.http

monday(clock) := time.parse_rfc3339_ns(sprintf("2026-01-05T%s:00+01:00", [clock]))

change := {"route": "createJob", "access": "writes", "public": false, "method": "POST"}

test_at_noon if http.allow with input as change with time.now_ns as monday("12:00")

test_when_it_opens if http.allow with input as change with time.now_ns as monday("09:00")

test_before_it_opens if not http.allow with input as change with time.now_ns as monday("08:59")

test_when_it_closes if not http.allow with input as change with time.now_ns as monday("18:00")

test_on_sunday if not http.allow with input as change with time.now_ns as monday("12:00") - 86400000000000

test_reads_at_night if {
	http.allow with input as {"route": "readFile", "access": "reads"} with time.now_ns as monday("02:00")
}

test_tokens_at_night if {
	http.allow with input as {"route": "createToken", "access": "writes", "public": true} with time.now_ns as monday("02:00")
}

test_the_reason if http.reason == "Changes are made from 9:00 to 18:00 (Europe/Berlin)."
