import Orchestrator
import ProjectModel

extension StoreContractRun {
    func checkMoves() async throws {
        let before = try await record(1)
        try promise(
            "a transition from another status is not made",
            try await !transition(1, from: .active, to: .pausing, seconds: 10))
        try promise("and changes nothing", try await record(1) == before)
        try promise(
            "an unknown project makes no transition",
            try await !transition(77, from: .active, to: .pausing, seconds: 10))
        let failure = ProjectFailure(service: .auth, message: "it ended", logTail: "line 1\nline \"2\"\u{2028}ü")
        try promise(
            "a transition is made",
            try await transition(1, from: .provisioning, to: .active, seconds: 20) { $0.failure = failure })
        let active = try await record(1)
        try promise("a transition sets the status", active.status == .active && active.failure == failure)
        try promise(
            "a transition sets its times",
            active.statusChangedAt == start + .seconds(20) && active.updatedAt == start + .seconds(20)
                && active.insertedAt == before.insertedAt)
        try promise("leases stay", active.leases == before.leases)
        let isChanged = try await transition(1, from: .active, to: .restarting, seconds: 30) {
            $0.requestsRestart = true
        }
        let restarting = try await record(1)
        try promise("a restart is noted", isChanged && restarting.restartRequestedAt == start + .seconds(30))
        try promise("a transition without a failure clears the last", restarting.failure == nil)
        _ = try await transition(1, from: .restarting, to: .active, seconds: 40)
        try promise("a restart stays noted", try await record(1).restartRequestedAt == start + .seconds(30))
        let events = try await store.events(of: .sample(1_001), limit: 3)
        try promise("the history is newest first", events.map(\.status) == [.active, .restarting, .active])
        try promise("the history has causes and times", events[1].cause == "because of RESTARTING")
        try promise("events have their times", events[1].at == start + .seconds(30))
        try await checkNotes()
    }

    /// Events beside changes of status.
    private func checkNotes() async throws {
        let ref = try await record(1).ref
        let before = try await record(1)
        let notes = (1...3).map { number in
            ProjectEvent(at: start + .seconds(40 + number), status: .active, cause: "auth was restarted: \(number)")
        }
        try await store.note(notes, of: ref)
        let events = try await store.events(of: ref, limit: 4)
        try promise("notes are events, newest first", events.prefix(3) == notes.reversed()[...])
        try promise("and come after those before them", events.last?.at == start + .seconds(40))
        try promise("a note changes nothing else", try await record(1) == before)
        try await store.note([], of: ref)
        try await store.note(notes, of: .sample(1_077))
        try promise("an unknown project has no events", try await store.events(of: .sample(1_077), limit: 4) == [])
        let many = Array(repeating: notes[0], count: ProjectEvent.keptMax + 5)
        let quiet = try await record(2).ref
        try await store.note(many, of: quiet)
        let kept = try await store.events(of: quiet, limit: ProjectEvent.keptMax * 2)
        try promise("so many are kept", kept == Array(repeating: notes[0], count: ProjectEvent.keptMax))
        if let feed = store as? any ProjectEventFeed { try await checkFeed(feed, of: ref, quiet) }
    }

    /// The same history by number, oldest first.
    private func checkFeed(_ feed: any ProjectEventFeed, of ref: ProjectRef, _ quiet: ProjectRef) async throws {
        let all = try await feed.events(of: ref, after: 0, limit: ProjectEvent.keptMax)
        let newestFirst = try await store.events(of: ref, limit: ProjectEvent.keptMax)
        try promise("the feed has the whole history, oldest first", all.map(\.event) == newestFirst.reversed())
        try promise("numbers grow", zip(all, all.dropFirst()).allSatisfy { $0.number < $1.number })
        let middle = all[all.count / 2].number
        let later = try await feed.events(of: ref, after: middle, limit: ProjectEvent.keptMax)
        try promise("what comes after a number", later == all.filter { $0.number > middle })
        let newest = try await feed.events(of: ref, after: 0, limit: 2)
        try promise("of more than the limit the newest", newest == Array(all.suffix(2)))
        let last = all.last?.number ?? 0
        try await store.note([ProjectEvent(at: start, status: .active, cause: "one more")], of: ref)
        let new = try await feed.events(of: ref, after: last, limit: 5)
        try promise("a new event is alone after the last", new.map(\.event.cause) == ["one more"])
        let kept = try await feed.events(of: quiet, after: 0, limit: ProjectEvent.keptMax * 2)
        try promise("numbers outlive what is not kept", kept.count == ProjectEvent.keptMax && kept[0].number > 1)
        try promise(
            "an unknown project has no feed", try await feed.events(of: .sample(1_077), after: 0, limit: 5).isEmpty)
    }

    func checkReplacements() async throws {
        let ref = try await record(1).ref
        let at = start + .seconds(50)
        try await store.replacePort("DB_PORT", of: ref, with: 20_500, at: at)
        guard let subnet = IPv4Network("10.77.100.0/27") else { return }
        try await store.replaceSubnet(of: ref, with: subnet, at: at)
        let leases = try await record(1).leases
        try promise(
            "another port and subnet take the place of the old",
            leases == Leases(ports: ["DB_PORT": 20_500, "GATEWAY_PORT": 20_011], subnet: subnet))
        let taken = try await store.leases(at: at)
        try promise("the old port is in quarantine, the new one taken", taken.ports.isSuperset(of: [20_010, 20_500]))
        try promise("so are the subnets", taken.subnets.contains(subnet) && taken.subnets.count == 3)
        let clash = try await error { () async throws(StoreError) in
            try await store.replacePort("DB_PORT", of: ref, with: 20_021, at: at)
        }
        try promise("another's port is leaseTaken", clash == .leaseTaken)
        try promise("a refused replacement changes nothing", try await record(1).leases == leases)
        let later = try await store.leases(at: at + ProjectStoreContract.quarantineMax)
        try promise("quarantine ends", !later.ports.contains(20_010) && later.ports.contains(20_500))
    }

    func checkRelease() async throws {
        _ = try await transition(1, from: .active, to: .rollingBack, seconds: 60)
        _ = try await transition(1, from: .rollingBack, to: .failed, seconds: 61) { $0.leases = .release }
        let failed = try await record(1)
        try promise("released leases are gone from the record", failed.leases == nil)
        try promise("secrets outlive a release", try await store.secrets(of: failed.ref).values.count == 2)
        let at = start + .seconds(62)
        try promise("released leases are in quarantine", try await store.leases(at: at).ports.contains(20_500))
        var rival = try project(5, ports: [20_500, 29_001])
        rival.at = at
        try promise("what is in quarantine is not leased", try await insertionError(rival) == .leaseTaken)
        guard let subnet = IPv4Network("10.77.120.0/27") else { return }
        let fresh = Leases(ports: ["DB_PORT": 20_600, "GATEWAY_PORT": 20_601], subnet: subnet)
        _ = try await transition(1, from: .failed, to: .provisioning, seconds: 63) { $0.leases = .acquire(fresh) }
        try promise("new leases can be acquired", try await record(1).leases == fresh)
        rival.at = at + ProjectStoreContract.quarantineMax
        _ = try await store.insert(rival)
        try promise("after quarantine a port is leased again", try await record(5).leases?.ports["DB_PORT"] == 20_500)
    }

    func checkPages() async throws {
        // Three projects are there: "Project 1" twice, in two organizations, and "Project 5".
        let all = try await store.projects(ProjectQuery())
        try promise("a page counts all projects", all.count == 3 && all.projects.count == 3)
        let second = try await store.projects(ProjectQuery(limit: 1, offset: 1, sort: .createdAscending))
        try promise("a page can be cut out", second.count == 3 && second.projects.map(\.ref) == [.sample(1_002)])
        let newest = try await store.projects(ProjectQuery(sort: .createdDescending)).projects.map(\.ref)
        try promise("newest first", newest == [.sample(1_005), .sample(1_002), .sample(1_001)])
        let names = try await store.projects(ProjectQuery(sort: .nameDescending)).projects.map(\.name.text)
        try promise("by name, backwards", names == ["Project 5", "Project 1", "Project 1"])
        let found = try await store.projects(ProjectQuery(search: "ECT 5"))
        try promise("search is without regard to case", found.projects.map(\.ref) == [.sample(1_005)])
        for wildcard in ["%", "_", "\\", "'"] {
            let none = try await store.projects(ProjectQuery(search: wildcard))
            try promise("\(wildcard) in a search is a character like any other", none.count == 0)
        }
    }

    func checkEditions() async throws {
        let before = try await store.projects(ProjectQuery())
        let again = try await store.projects(ProjectQuery())
        try promise("the same page of the same edition is the same", before == again && before.edition != nil)
        let empty = try await store.projects(ProjectQuery(limit: 1, offset: 99))
        try promise(
            "a page beyond the last has the count and the edition too",
            empty.projects.isEmpty && empty.count == before.count && empty.edition == before.edition)
        let record = try await record(5)
        try await store.rename(record.ref, to: try ProjectName("Renamed"), at: start + .seconds(64))
        let renamed = try await store.projects(ProjectQuery())
        try promise("a change gives another edition", renamed.edition != before.edition)
        try promise(
            "and is in the next page",
            renamed.projects.map(\.name.text).sorted() == ["Project 1", "Project 1", "Renamed"])
        try await store.rename(record.ref, to: record.name, at: start + .seconds(64))
        let back = try await store.projects(ProjectQuery()).edition
        try promise("an edition never comes back", back != before.edition && back != renamed.edition)
    }

    func checkDeletion() async throws {
        let ref = try await record(5).ref
        _ = try await transition(5, from: .provisioning, to: .deleting, seconds: 70)
        let end = start + .seconds(80)
        _ = try await transition(5, from: .deleting, to: .deleted, seconds: 80) { $0.leases = .releaseAndForgetSecrets }
        let tombstone = try await record(5)
        try promise("a deleted project leaves a tombstone", tombstone.status == .deleted && tombstone.leases == nil)
        try promise("a tombstone is not listed", try await store.outlines()[ref] == nil)
        try promise("nor on a page", try await store.projects(ProjectQuery(search: "Project 5")).count == 0)
        let missing = try await error { () async throws(StoreError) in _ = try await store.secrets(of: ref) }
        try promise("secrets of a deleted project are gone", missing == .notFound(ref))
        var successor = try project(6, name: "Project 5")
        successor.at = end
        _ = try await store.insert(successor)
        try promise("its name is free again", try await record(6).name.text == "Project 5")
    }

    /// The organization's limit counts the projects that the query lists; one more insertion shows whether failed and
    /// deleted ones count.
    func checkLimit() async throws {
        var query = ProjectQuery()
        query.visibility = ProjectQuery.Visibility(organizations: ["acme"])
        let count = try await store.projects(query).count
        var next = try project(70)
        next.organizationLimit = count
        let full = StoreError.organizationFull("acme", limit: count)
        try promise("an organization has no more projects than it may", try await insertionError(next) == full)
        next.organizationLimit = count + 1
        _ = try await store.insert(next)
        var one = try project(80)
        one.organizationLimit = count + 1
        let fuller = StoreError.organizationFull("acme", limit: count + 1)
        try promise("the new one counts", try await insertionError(one) == fuller)
        _ = try await transition(70, from: .provisioning, to: .rollingBack, seconds: 90)
        _ = try await transition(70, from: .rollingBack, to: .failed, seconds: 91) { $0.leases = .release }
        try promise("a failed one counts", try await insertionError(one) == fuller)
        _ = try await transition(70, from: .failed, to: .deleting, seconds: 92)
        try promise("so does one that is being deleted", try await insertionError(one) == fuller)
        _ = try await transition(70, from: .deleting, to: .deleted, seconds: 93) {
            $0.leases = .releaseAndForgetSecrets
        }
        _ = try await store.insert(one)
        try promise("a deleted one does not", try await record(80).status == .provisioning)
    }
}
