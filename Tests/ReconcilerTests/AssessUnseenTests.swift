import OrchestratorTesting
import ProjectModel
import Testing

@testable import Reconciler

/// Nothing is concluded from time without observation.
@Suite("Judging services that this manager has not, or not long enough, seen")
struct AssessUnseenTests {
    /// Failures of the boot deadline's length, a second each.
    private static let wholeBoot = String(repeating: "-", count: 181)

    @Test(
        "a service that was watched not to answer until its boot deadline fails the start; until then it is coming up")
    func bootDeadline() throws {
        var scene = try Scene()
        scene.probe(.db, String(Self.wholeBoot.dropLast()))
        #expect(scene.state(.db) == .comingUp("HTTP 503"))
        #expect(scene.assessment.event == .serviceNotReady)
        #expect(scene.assessment.requeueAt == scene.input.now + .seconds(1))
        scene.probe(.db, Self.wholeBoot)
        #expect(scene.assessment.event == .startFailed)
        #expect(scene.assessment.failure?.service == .db)
        #expect(scene.assessment.failure?.message.contains("HTTP 503") == true)
        scene.input.status = .degraded
        #expect(scene.assessment.event == .serviceNotReady)
        #expect(scene.assessment.unresponsive[.db]?.contains("HTTP 503") == true)
    }

    @Test(
        "a container older than every boot time is not unresponsive for that: no result is no failure, and the first one begins",
        arguments: [ProjectStatus.active, .degraded, .starting, .resuming, .restarting])
    func oldContainer(status: ProjectStatus) throws {
        for results in ["", "?", "???", "-", "--", String(Self.wholeBoot.dropLast()), Self.wholeBoot + "?"] {
            var scene = try Scene(status)
            scene.input.now = Scene.start + .seconds(30 * 86_400)
            scene.input.statusSince = scene.input.now
            for service in [ServiceName.db, .auth, .rest] { scene.probe(service, results) }
            #expect(scene.assessment.unresponsive.isEmpty, "\(results.count) results")
            #expect(scene.assessment.event != .startFailed)
            scene.input.health = [:]
            #expect(scene.assessment.unresponsive.isEmpty && scene.assessment.failure == nil)
        }
    }

    @Test("what this manager has not seen is unknown, with the reason, and on its way while the project starts")
    func unknown() throws {
        var scene = try Scene(.active)
        scene.input.health = [:]
        #expect(scene.state(.db) == .unknown("its first probe is outstanding"))
        scene.probe(.db, "?")
        #expect(scene.state(.db) == .unknown("it cannot be probed: the engine is away"))
        #expect(scene.assessment.event == nil && !scene.assessment.ready.contains(.db))
        scene.input.status = .starting
        #expect(scene.state(.db) == .comingUp("it cannot be probed: the engine is away"))
    }

    @Test("the deadline of a start says nothing about a service that could not be probed")
    func blindStart() throws {
        for results in ["", "?", "--?"] {
            var scene = try Scene(.resuming)
            scene.input.now = Scene.start + Assessment.startDeadline * 2
            scene.probe(.db, results)
            #expect(scene.assessment.event == .serviceNotReady)
            scene.probe(.auth, "--")
            #expect(scene.assessment.event == .startFailed, "another one is known not to be ready")
            #expect(scene.assessment.failure?.service == .auth)
        }
    }
}
