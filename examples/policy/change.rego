# Rules for a change: `qplan diff --against origin/main --format json | conftest test - --policy examples/policy
# --namespace change`, or with OPA itself `opa eval --input diff.json --data examples/policy/change.rego data.change.deny`.
package change

import rego.v1

# Nobody new sees keys in clear without a second pair of eyes.
deny contains message if {
	some operator in input.exposure.operators_gained
	message := sprintf("newly sees keys in clear: operator %s", [operator])
}

deny contains message if {
	some country in input.exposure.countries_gained
	message := sprintf("newly sees keys in clear: country %s", [country])
}

# A limit is not loosened in the same change that needs it.
deny contains message if {
	some limit in input.limits
	limit.direction == "loosened"
	message := sprintf("loosened: %s: %v, now %v", [limit.address, limit.before, limit.after])
}

deny contains message if {
	input.costs.tco.share > 0.05
	message := sprintf("the TCO grows by %v%%", [round(input.costs.tco.share * 1000) / 10])
}

# A trusted node, or an end, that is retired has to be cleared of its keys.
warn contains message if {
	some site in input.exposure.sites_lost
	message := sprintf("relays or ends keys no longer, erase its stores: %s", [site])
}
