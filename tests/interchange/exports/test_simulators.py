"""Simulators that are too heavy to be installed for the tests read what is exported for them."""

from __future__ import annotations

import pytest
from plan_fixtures import sample

from qplan.interchange.exports.formats import export


@pytest.mark.readers
def test_sequence_builds_the_network_with_the_losses_of_the_links(tmp_path):
    """pip install sequence==0.8.5 && python -m pytest -n0 -m readers tests/interchange/exports/test_simulators.py"""
    from sequence.topology.qkd_topo import QKDTopo

    inventory, plan = sample()
    file = tmp_path / "sequence.json"
    file.write_text(export("sequence", inventory, plan).files["sequence.json"])
    topology = QKDTopo(str(file))
    assert [node.name for node in topology.get_nodes_by_type("QKDNode")] == [node.site for node in plan.nodes]
    links = {link.id: link for link in plan.links}
    assert len(topology.get_qchannels()) == len(links)
    for channel in topology.get_qchannels():
        channel.init()
        link = links[channel.name]
        assert (channel.sender.name, channel.receiver) == link.ends
        assert 1 - channel.loss == pytest.approx(10 ** (-link.loss_db / 10))
    assert len(topology.get_cchannels()) == 2 * len(links)
