import EventConsumers
import NotificationModel
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@testable import Orchestrator

@Suite("Events and their consumers")
struct EventTests {
    private let old = TemplateDigest(String(repeating: "0", count: 64))
    private let new = TemplateDigest(String(repeating: "1", count: 64))
    private let start = Timestamp(milliseconds: 1_000_000)

    private func transition(_ from: ProjectStatus, _ to: ProjectStatus) -> StatusTransition {
        StatusTransition(from: from, to: to, cause: "a cause", at: start)
    }

    @Test("an upgrade says from which version it leads to which, and so does its way back")
    func versions() throws {
        let new = try #require(new)
        let pinned = PinnedVersions(template: old, upgrade: new)
        var begin = transition(.active, .upgrading)
        begin.upgrade = ProjectUpgrade(template: new, services: [.db])
        let way = begin.event(of: PinnedVersions(template: old)).facts
        #expect(way.templateBefore == old && way.templateAfter == new)
        for status in [ProjectStatus.upgrading, .active, .degraded] {
            let facts = transition(.upgrading, status).event(of: pinned).facts
            #expect(facts.templateBefore == old && facts.templateAfter == new)
        }
        for (from, to) in [(ProjectStatus.upgrading, ProjectStatus.reverting), (.reverting, .active)] {
            let facts = transition(from, to).event(of: pinned).facts
            #expect(facts.templateBefore == new && facts.templateAfter == old)
        }
        var again = transition(.failed, .provisioning)
        again.template = new
        let facts = again.event(of: PinnedVersions(template: old)).facts
        #expect(facts.templateBefore == old && facts.templateAfter == new)
        let pause = transition(.active, .pausing).event(of: PinnedVersions(template: old)).facts
        #expect(pause.templateBefore == nil && pause.templateAfter == nil)
    }

    @Test("the requester is that of the request, then of the operation that begins, then of the one in progress")
    func actor() {
        let present = NewOperation(.create, requestedBy: "ann").begun(of: .sample(1), at: start)
        var change = transition(.starting, .deleting)
        #expect(change.event().facts.actor == nil && change.event().facts.operation == nil)
        #expect(change.event(during: present).facts.actor == "ann")
        #expect(change.event(during: present).facts.operation == present.id)
        let next = NewOperation(.delete, requestedBy: "ben")
        change.opens = next
        #expect(change.event(during: present).facts.actor == "ben")
        #expect(change.event(during: present).facts.operation == next.id)
        change.opens?.requestedBy = ""
        #expect(change.event(during: present).facts.actor == "ann", "the manager began it for that operation")
        change.requester = "cleo"
        #expect(change.event(during: present).facts.actor == "cleo")
    }

    @Test("only what is gone is cleaned up, and only changes of status are news", arguments: ProjectEventKind.allCases)
    func consumers(kind: ProjectEventKind) throws {
        let subject = EventSubject(name: "demo", notifications: [])
        for status in ProjectStatus.allCases {
            var facts = EventFacts()
            facts.statusAfter = status
            let event = ProjectEvent(at: start, status: status, cause: "a cause", kind: kind, facts: facts)
            let effects = try EventConsumers.all.effects(of: event, on: subject)
            guard kind.isOfTransition else {
                #expect(effects.isEmpty)
                continue
            }
            let isGone = status == .deleted
            #expect(effects.contains(.forgetContent) == isGone && effects.contains(.forgetFunctions) == isGone)
            #expect(effects.contains(.notify(.forgetAll)) == isGone)
        }
    }

    @Test("facts have bounds, hold no log, and nothing that PostgreSQL refuses")
    func bounds() {
        var facts = EventFacts()
        facts.failure = ProjectFailure(
            service: .db, message: String(repeating: "x\0", count: EventFacts.textLengthMax + 1), logTail: "secret")
        facts.services = Array(
            repeating: ServiceFacts(service: .db, container: String(repeating: "c", count: 1_000)),
            count: EventFacts.servicesMax + 1)
        let event = ProjectEvent(at: start, status: .active, cause: "", kind: .stateNoted, facts: facts)
        #expect(event.facts.failure?.message == String(repeating: "x", count: EventFacts.textLengthMax))
        #expect(event.facts.failure?.logTail == nil && event.facts.failure?.service == .db)
        #expect(event.facts.services.count == EventFacts.servicesMax)
        #expect(event.facts.services[0].container?.count == EventFacts.nameLengthMax)
    }
}
