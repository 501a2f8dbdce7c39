"""The words of states, choices and kinds as people see them.

An enum's value is its message id; this list is where the catalogue finds them. Commands and screens say a value with
`spoken`.
"""

from __future__ import annotations

from typing import Final

from runner.words import N_, _

WORDS: Final = (
    # runner.model.run.RunState
    N_("confirming"),
    N_("lapsed"),
    N_("running"),
    N_("verifying"),
    N_("observing"),
    N_("at_gate"),
    N_("at_sheet"),
    N_("paused"),
    N_("outcome_unknown"),
    N_("awaiting_decision"),
    N_("rolling_back"),
    N_("rollback_failed"),
    N_("succeeded"),
    N_("rolled_back"),
    N_("failed"),
    N_("abandoned"),
    N_("awaiting_business"),
    N_("disputed"),
    N_("on_trial"),
    N_("not_accepted"),
    N_("closed"),
    # runner.model.result.Configuration
    N_("updated"),
    N_("no_change"),
    # runner.model.run.RunKind
    N_("change"),
    N_("check"),
    # runner.wire.api_run.StepState
    N_("pending"),
    N_("done"),
    N_("marked_done"),
    N_("unknown"),
    N_("not_reached"),
    # runner.wire.api_run.WorkKind
    N_("playbook"),
    N_("remote"),
    N_("manual"),
    N_("soak"),
    # runner.model.run.AttemptState
    N_("intended"),
    N_("begun"),
    N_("cancelled"),
    N_("never_begun"),
    # runner.model.run.HostOutcome
    N_("ok"),
    N_("changed"),
    N_("unreachable"),
    N_("stopped"),
    N_("skipped"),
    # runner.model.request.RequestState
    N_("submitted"),
    N_("approved"),
    N_("rejected"),
    N_("withdrawn"),
    N_("expired"),
    N_("used"),
    N_("revoked"),
    # runner.model.request.PublicationState
    N_("proposed"),
    N_("published"),
    # runner.model.joint.ActState
    N_("open"),
    N_("dropped"),
    # runner.model.run.Question
    N_("step_failed"),
    N_("gate_late"),
    N_("window_closed"),
    N_("past_rollback_decision"),
    N_("data_would_be_lost"),
    # runner.model.run.Choice
    N_("repeat"),
    N_("mark_done"),
    N_("roll_back"),
    N_("abandon"),
    N_("continue"),
    # runner.model.run.Part
    N_("executor"),
    N_("confirmer"),
    # runner.model.run.Cause
    N_("decided"),
    # runner.model.runbook.Risk
    N_("standard"),
    N_("ordinary"),
    N_("major"),
    N_("emergency"),
    # runner.model.runbook.Family
    N_("backup"),
    N_("restore_drill"),
    N_("upgrade"),
    N_("restart"),
    N_("inspection"),
    N_("hvac"),
    N_("maintenance"),
    N_("batch"),
    N_("clean_up"),
    N_("security"),
    # runner.model.statement.StatementKind
    N_("genesis"),
    N_("publish"),
    N_("request"),
    N_("approve"),
    N_("reject"),
    N_("withdraw"),
    N_("revoke"),
    N_("start"),
    N_("confirm"),
    N_("gate"),
    N_("sheet"),
    N_("pause"),
    N_("abort"),
    N_("decide"),
    N_("close"),
    N_("accept"),
    N_("review"),
    N_("hand_over"),
    N_("apply"),
    N_("grant"),
    N_("deny"),
    N_("retract"),
    N_("inspect"),
    # runner.model.grant.GrantKind
    N_("suspend"),
    N_("reinstate"),
    N_("leave"),
    N_("transfer"),
    N_("enrol"),
    N_("add_key"),
    N_("revoke_key"),
    N_("appoint"),
    N_("relieve"),
    N_("delegate"),
    N_("recertify"),
    N_("attest"),
    N_("exempt"),
    N_("set_vendor"),
    N_("set_policy"),
    N_("add_terminal"),
    N_("remove_terminal"),
    N_("reset_credentials"),
    # runner.model.grant.GrantState
    N_("applied"),
    N_("granted"),
    N_("checked"),
    # runner.model.review.ReviewState
    N_("overdue"),
    # runner.model.people.Standing
    N_("active"),
    N_("suspended"),
    N_("unused"),
    N_("left"),
    # runner.model.plan.Role
    N_("do"),
    N_("verify"),
    N_("settle"),
    N_("writes_off"),
    N_("rollback"),
    N_("rollback_verify"),
    N_("health"),
    # runner.model.runbook.Once
    N_("before"),
    N_("after"),
    # runner.model.runbook.AtWindowEnd
    N_("finish_step"),
    # runner.model.runbook.RollbackScope
    N_("run"),
    # runner.model.runbook.ProbeKind
    N_("reachable"),
    N_("free_disk"),
    N_("free_memory"),
    N_("clock_skew"),
    N_("load"),
    N_("file"),
    # runner.model.runbook.ValueType
    N_("string"),
    N_("integer"),
    N_("boolean"),
    N_("choice"),
    N_("path"),
    N_("sha256"),
    N_("duration"),
    N_("size"),
    # runner.model.plan.UnboundKind
    N_("output"),
    N_("lookup"),
    # runner.model.plan.Connection
    N_("ssh"),
    N_("local"),
    # runner.model.people.PersonRole
    N_("operator"),
    N_("approver"),
    N_("business_owner"),
    N_("auditor"),
    N_("vendor"),
    N_("security_admin"),
    N_("system_admin"),
    N_("network_admin"),
    N_("duty_security"),
    # runner.model.policy.Strength
    N_("password"),
    N_("key"),
    N_("touch"),
    # runner.model.policy.SignedAt
    N_("anywhere"),
    N_("operations"),
    # runner.model.log.ActorKind
    N_("person"),
    N_("service"),
    N_("shim"),
    # runner.model.log.LogMode
    N_("embedded"),
    N_("installed"),
    # what a settle probe finds of a host (`Attempt.settled`), beside done and unknown
    N_("not_done"),
    # events of Ansible (`runner.engine.callback.twokey_spool`) and parts people take in a publication
    N_("task_start"),
    N_("item_failed"),
    N_("item_changed"),
    N_("item_skipped"),
    N_("async_failed"),
    N_("broken"),
    N_("retry"),
    N_("warning"),
    N_("deprecation"),
    N_("error"),
    N_("author"),
    N_("countersigner"),
    # runner.model.verdict.VerdictWord
    N_("VERIFIED"),
    N_("VERIFIED WITH UNANCHORED TAIL"),
    N_("FAILED"),
)
"""Every value that is shown to people, once each."""


def spoken(value: str) -> str:
    """A value in the current language, as words: `rolling back`."""
    return _(value).replace("_", " ")
