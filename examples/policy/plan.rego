# Rules for a plan: `conftest test sites.plan/plan.json --policy examples/policy --namespace plan`, or with OPA itself
# `opa eval --input sites.plan/plan.json --data examples/policy/plan.rego data.plan.deny`.
package plan

import rego.v1

# What is not proven is not built from.
deny contains message if {
	input.status != "optimal"
	message := sprintf("the plan is not proven (%s, stopped by %s)", [input.status, input.solver.stopped_by])
}

# The inventory's own checks, those that only warn as well.
deny contains message if {
	some check in input.checks
	not check.ok
	message := sprintf("checks.%s: %s=%v", [check.id, check.metric, check.value])
}

# Keys of a served corridor must have a second way.
warn contains message if {
	some corridor in input.corridors
	corridor.served
	count(corridor.paths) < 2
	message := sprintf("corridors.%s: one path only", [corridor.id])
}

# A link that is nearly full has no room for the next corridor.
warn contains message if {
	some link in input.links
	link.load_bps > 0.8 * link.capacity_bps
	message := sprintf("links.%s: loaded above 80 %%", [link.id])
}
