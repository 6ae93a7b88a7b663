// What exchanges send that sign nothing: the secret in the path proves them. Pure, as
// exchanges.js, whose types these are.

import { FORM, RING_MS, TALK_S, endOf, form, path, seconds, wallClock } from "./exchange-parts.js";

const JSON_TYPE = { "content-type": "application/json" };

/** UIS: a notice the owner writes as a template, JSON. */
export function uis(call, settings) {
  const notice = (event, ms, more = {}) => ({
    event,
    call_session_id: call.id,
    contact_phone_number: call.caller ?? "",
    virtual_phone_number: call.dialed,
    notification_time: `${wallClock(ms, call.zone)}.000`,
    direction: "in",
    ...more,
  });
  const notices = [notice("start", call.startedAt)];
  if (call.answered) {
    notices.push(notice("answer", call.startedAt + RING_MS));
    const times = { talk_time_duration: TALK_S, wait_time_duration: RING_MS / 1000 };
    notices.push(notice("end", endOf(call), times));
  } else {
    const waited = seconds(endOf(call) - call.startedAt);
    notices.push(notice("lost", endOf(call), { wait_time_duration: waited }));
  }
  return notices.map((body) => ({
    path: path(call, "uis", settings),
    headers: JSON_TYPE,
    body: JSON.stringify(body),
  }));
}

/** Asterisk: forms that the dialplan sends with CURL. */
export function asterisk(call, settings) {
  const linkedid = call.id;
  const events = [
    {
      event: "start",
      linkedid,
      caller: call.caller ?? "anonymous",
      did: call.dialed,
      started: seconds(call.startedAt),
    },
  ];
  if (call.answered)
    events.push({ event: "answer", linkedid, answered: seconds(call.startedAt + RING_MS) });
  events.push({
    event: "end",
    linkedid,
    disposition: call.answered ? "ANSWER" : "NOANSWER",
    billsec: call.answered ? TALK_S : 0,
    ended: seconds(endOf(call)),
  });
  return events.map((fields) => ({
    path: path(call, "asterisk", settings),
    headers: FORM,
    body: form(fields),
  }));
}

/** FreeSWITCH: one record at the end of the call. */
export function freeswitch(call, settings) {
  const variables = {
    direction: "inbound",
    uuid: call.id,
    caller_id_number: call.caller ?? "anonymous",
    sip_req_user: call.dialed,
    start_epoch: String(seconds(call.startedAt)),
    answer_epoch: call.answered ? String(seconds(call.startedAt + RING_MS)) : "0",
    end_epoch: String(seconds(endOf(call))),
    duration: String(seconds(endOf(call) - call.startedAt)),
    billsec: String(call.answered ? TALK_S : 0),
    hangup_cause: call.answered ? "NORMAL_CLEARING" : "NO_ANSWER",
  };
  const body = JSON.stringify({ variables });
  return [{ path: path(call, "freeswitch", settings), headers: JSON_TYPE, body }];
}

/** Calltouch: notices at the beginning and the end. */
export function calltouch(call, settings) {
  const common = {
    callId: call.id,
    clientPhoneNumber: call.caller ?? "",
    calltrackingPhoneNumber: call.dialed,
    callStartTime: wallClock(call.startedAt, call.zone),
  };
  const end = {
    ...common,
    callphase: "calldisconnected",
    duration: call.answered ? TALK_S : 0,
    waitingTime: seconds(call.answered ? RING_MS : endOf(call) - call.startedAt),
  };
  return [{ ...common, callphase: "callconnected" }, end].map((fields) => ({
    path: path(call, "calltouch", settings),
    headers: FORM,
    body: form(fields),
  }));
}
