"""The checks beyond keys and types: errors for what cannot be true, warnings for what is unlikely."""

from __future__ import annotations

from qplan.errors import Diagnostic
from qplan.inventory.checks import corridors as corridor
from qplan.inventory.checks import costs as cost
from qplan.inventory.checks import drills as drill
from qplan.inventory.checks import existing as existing
from qplan.inventory.checks import lengths, magnitudes, physics
from qplan.inventory.checks import limits as limit
from qplan.inventory.checks import offers as offer
from qplan.inventory.checks import references as reference
from qplan.inventory.checks.view import Check, View

ENTRY_CHECKS: tuple[Check, ...] = (
    reference.check_fibre_joins_two_sites,
    reference.check_ids_differ_by_more_than_case,
    reference.check_words_are_spelt_alike,
    physics.check_coordinates_are_whole,
    physics.check_loss_per_km,
    lengths.check_lengths,
    physics.check_loss_can_be_known,
    physics.check_loss_is_known_in_every_band,
    physics.check_losses_are_measured_at_the_wavelength,
    physics.check_amplified,
    physics.check_curves_ascend,
    physics.check_rates_fall,
    physics.check_curves_keep_the_repeaterless_bound,
    physics.check_loss_limit_is_on_the_curve,
    physics.check_technology_words,
    corridor.check_corridor_joins_two_sites,
    corridor.check_corridor_joins_two_buildings,
    corridor.check_exactly_one_demand,
    corridor.check_shares_fit_paths,
    corridor.check_demand_can_be_carried,
    corridor.check_demand_is_above_zero,
    corridor.check_ends_keep_their_corridors_rules,
    magnitudes.check_margins,
    magnitudes.check_strands,
    magnitudes.check_rates_of_money,
    magnitudes.check_years,
    magnitudes.check_leases,
    cost.check_prices,
    cost.check_quotes_are_valid,
    cost.check_amounts_are_in_one_currency,
    cost.check_currency_is_worth_itself,
    drill.check_events_do_one_thing,
    drill.check_amounts_fit_the_action,
    drill.check_events_lie_in_the_drill,
    drill.check_outages_do_not_overlap,
    drill.check_stores_can_be_used,
    limit.check_limits_are_stated,
    limit.check_selections_fit_the_metric,
    offer.check_terms_fit_the_kind,
    offer.check_tiers_ascend,
    offer.check_currencies_have_rates,
    offer.check_horizon_can_be_listed,
    existing.check_existing_fibres_join_the_ends,
    existing.check_existing_routes_stand_once,
    existing.check_ages_are_known,
    existing.check_existing_plant_fits,
)
"""Each entry by itself, with those that it names: true of any part of an inventory."""
REFERENCE_CHECKS: tuple[Check, ...] = (
    reference.check_fibre_ends_exist,
    reference.check_corridor_ends_exist,
    reference.check_avoided_sites_exist,
    drill.check_event_targets_exist,
    drill.check_expectations,
    drill.check_stores_and_rates_are_of_something,
    limit.check_selected_things_exist,
    offer.check_offers_are_for_something,
    offer.check_included_services,
    offer.check_policy_names_offers,
    offer.check_spares,
    offer.check_encryptors_exist,
    existing.check_existing_links_are_over_what_is_there,
    existing.check_existing_sites_exist,
    existing.check_renames,
)
"""Need every declared id."""
WHOLE_CHECKS: tuple[Check, ...] = (
    reference.check_technologies_exist,
    reference.check_relay_rules_name_what_sites_state,
    reference.check_ducts_are_shared,
    reference.check_every_site_has_a_fibre,
    reference.check_there_is_something_to_buy,
    corridor.check_demand_is_within_one_system,
    corridor.check_corridor_ends_have_fibres,
    corridor.check_disjoint_paths_keep_apart_at_the_ends,
    corridor.check_there_are_corridors,
    drill.check_ducts_have_lengths,
    drill.check_ducts_fit_their_fibres,
    offer.check_some_offer_is_admissible,
    offer.check_spares_can_be_used,
    offer.check_services_have_prices,
    existing.check_existing_links_carry_keys,
)
"""Need every entry to be valid, since they speak of what is not there."""


def check(view: View, *, ids_known: bool, all_valid: bool, referring: View | None = None) -> list[Diagnostic]:
    """The findings of every check that what was read allows.

    `referring`: with entries that lack what is wrong in them, whose references are looked at all the same.
    """
    asked = (
        *((rule, view) for rule in ENTRY_CHECKS),
        *((rule, referring or view) for rule in REFERENCE_CHECKS if ids_known),
        *((rule, view) for rule in WHOLE_CHECKS if all_valid),
    )
    return [item for rule, seen in asked for item in rule(seen)]
