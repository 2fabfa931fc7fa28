import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Jobs over the wire")
struct JobRoutesTests {
    @Test(
        "those who administer the installation list jobs by kind and state, without what they were given; others do not"
    )
    func list() async throws {
        try await APIHost.run { host async throws in
            let kind = try #require(JobKind("backup"))
            let start = Timestamp(milliseconds: 1_800_000_000_000)
            _ = try await host.jobs.enqueue(
                NewJob(
                    .orphans, key: "manager", schedule: .every(JobInterval(.seconds(300))), due: start), at: start)
            for number in 1...3 {
                _ = try await host.jobs.enqueue(
                    NewJob(kind, key: "\(number)", contract: .atMostOnce, payload: "hidden", due: start), at: start)
            }
            let runner = JobRunnerIdentity(manager: "m1", token: FencingToken(1))
            let started = try await host.jobs.claim(JobClaim(runner: runner, slots: [kind: 1], limit: 1, at: start))
            let run = try #require(started.jobs.first)
            _ = try await host.jobs.note(JobProgress(done: 2, total: 5), of: run.latestRun, at: start, by: runner)
            let all = try await host.send("GET", "/platform/jobs")
            #expect(try all.json.items.map { $0["key"]?.text } == ["3", "2", "1", "manager"])
            #expect(!all.text.contains("hidden"))
            let own = try #require(try all.json.items.last)
            #expect(own["interval_seconds"] == .number(300) && own["contract"]?.text == "at_least_once")
            let running = try await host.send("GET", "/platform/jobs?state=running&kind=backup").json.items
            #expect(running.count == 1 && running[0]["manager"]?.text == "m1")
            #expect(running[0]["progress"]?["total"] == .number(5) && running[0]["contract"]?.text == "at_most_once")
            #expect(try await host.send("GET", "/platform/jobs?before=2").json.items.count == 1)
            #expect(try await host.send("GET", "/platform/jobs?limit=2").json.items.count == 2)
            for bad in ["kind=A%20b", "state=lost", "limit=0", "before=x"] {
                #expect(try await host.send("GET", "/platform/jobs?\(bad)").status == 400, "\(bad)")
            }
            for person in Person.allCases where person != .owner {
                let status = try await host.send("GET", "/platform/jobs", token: person.token).status
                #expect(status == (person == .stranger ? 404 : 403), "\(person)")
            }
        }
    }

    @Test("a removal that is asked for makes the pass over the orphans due")
    func removalIsSoon() async throws {
        try await APIHost.run { host async throws in
            let far = Timestamp(milliseconds: 9_000_000_000_000)
            let schedule = JobSchedule.every(JobInterval(.seconds(300)))
            let job = try await host.jobs.enqueue(
                NewJob(.orphans, key: JobDefinition.Recurring.key, schedule: schedule, due: far), at: far)
            let object = EngineObject(key: EngineObjectKey(.network, "lost"), name: "lost", projectLabel: "lost")
            try await host.orphans.add([Orphan(object: object, firstSeen: far, graceUntil: far)])
            #expect(try await host.send("POST", "/platform/orphans/1/remove").status == 202)
            let due = try #require(try await host.jobs.job(job.id)).due
            #expect(due < far)
        }
    }
}
