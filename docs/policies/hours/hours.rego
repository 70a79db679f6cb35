package http

# Changes are made while the office is open. Reads and public calls are always served.

default allow := false

allow if input.public

allow if input.access == "reads"

allow if {
	now := time.now_ns()
	time.weekday([now, data.office.zone]) in data.office.days
	[hour, _, _] := time.clock([now, data.office.zone])
	hour >= data.office.from
	hour < data.office.to
}

reason := sprintf("Changes are made from %d:00 to %d:00 (%s).", [data.office.from, data.office.to, data.office.zone])
