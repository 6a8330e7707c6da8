package org.countersign

import org.countersign.ffi.AnswerOutcome
import org.countersign.ffi.ApprovalRequest
import org.countersign.ffi.Id
import org.countersign.ffi.RequestGroup
import org.countersign.ffi.TurnedDown

/** All requests of the group, newest first. */
public val RequestGroup.all: List<ApprovalRequest> get() = listOf(newest) + older

/** Their identifiers, for [Authenticator.turnDown]. */
public val RequestGroup.ids: List<Id> get() = all.map(ApprovalRequest::id)

internal fun TurnedDown.outcomeOrThrow(): AnswerOutcome = outcome ?: throw checkNotNull(error)
