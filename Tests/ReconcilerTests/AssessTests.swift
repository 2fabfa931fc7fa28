import OrchestratorTesting
import ProjectModel
import Testing

@testable import Reconciler

@Suite("Judging a project that should run")
struct AssessTests {
    @Test("a project whose required services answer is ready")
    func ready() throws {
        let assessment = try Scene().assessment
        #expect(assessment.event == .allReady)
        #expect(assessment.ready == [.db, .auth, .rest])
        #expect(assessment.backingOff.isEmpty && assessment.unresponsive.isEmpty && assessment.failure == nil)
    }

    @Test("an optional service that fails changes nothing but its own state")
    func optional() throws {
        var scene = try Scene(.active)
        scene.observe(.rest) { ($0.state, $0.exitCode) = (.exited, 1) }
        scene.starts(.rest, 9)
        #expect(scene.assessment.event == .allReady)
        #expect(scene.state(.rest) == .failing("it ended with exit code 1"))
    }

    @Test("a container that is missing, outdated or new is coming up")
    func comingUp() throws {
        var scene = try Scene()
        scene.observe(.db) { $0.configHash = "old" }
        scene.observe(.auth) { $0.state = .created }
        scene.input.observed.containers.removeAll { $0.service == .rest }
        #expect(scene.state(.db) == .comingUp("its container is being replaced"))
        #expect(scene.state(.auth) == .comingUp("its container is not started yet"))
        #expect(scene.state(.rest) == .comingUp("its container does not exist yet"))
        #expect(scene.assessment.event == .serviceNotReady)
        #expect(scene.assessment.cause == "auth is not ready: its container is not started yet")
    }

    @Test("a container that is down or disturbed is failing, with what happened to it")
    func failing() throws {
        for (change, text) in [
            ({ ($0.state, $0.exitCode) = (.exited, 137) }, "it ended with exit code 137"),
            ({ $0.state = .dead }, "its container is dead"),
            ({ $0.state = .paused }, "its container was frozen from outside"),
            ({ ($0.state, $0.exitCode) = (.restarting, 2) }, "it ended with exit code 2; the engine is restarting it"),
            (
                { ($0.state, $0.exitCode, $0.isOutOfMemory) = (.exited, 137, true) },
                "it ran out of memory and was ended by the kernel"
            ),
        ] as [((inout ObservedContainer) -> Void, String)] {
            var scene = try Scene(.active)
            scene.observe(.db, change)
            #expect(scene.state(.db) == .failing(text))
            #expect(scene.assessment.event == .serviceNotReady)
            #expect(scene.assessment.cause == "db is not ready: \(text)")
        }
    }

    @Test("readiness has hysteresis: one failed probe is nothing, two are failing, a minute of them is unresponsive")
    func hysteresis() throws {
        var scene = try Scene(.active)
        scene.probe(.db, "+-")
        #expect(scene.state(.db) == .ready)
        scene.probe(.db, "+--")
        #expect(scene.state(.db) == .failing("HTTP 503"))
        #expect(scene.assessment.unresponsive.isEmpty)
        scene.probe(.db, "+" + String(repeating: "-", count: 61))
        #expect(scene.assessment.unresponsive[.db] == "it has not answered for 60.0 seconds: HTTP 503")
    }

    @Test("results of an earlier run count for nothing, and a service without a probe is ready while it runs")
    func runs() throws {
        var scene = try Scene()
        scene.observe(.db) { $0.startedAt = Scene.start + .seconds(5) }
        #expect(scene.state(.db) == .comingUp("its first probe is outstanding"))
        scene.input.health = [:]
        #expect(scene.state(.auth) == .comingUp("its first probe is outstanding"))
        scene.input.desired?.services[.auth]?.probe = nil
        #expect(scene.state(.auth) == .ready)
    }

    @Test("four starts that end fail the start, in any mix of our own and the engine's", arguments: 0...4)
    func crashLoop(own: Int) throws {
        var scene = try Scene()
        scene.observe(.db) { ($0.state, $0.exitCode, $0.restartCount) = (.exited, 1, 4 - own) }
        scene.starts(.db, own)
        scene.input.now = Scene.start + .seconds(60)
        #expect(scene.assessment.event == .startFailed)
        #expect(scene.assessment.failure == .init(service: .db, message: "it ended with exit code 1, after 4 starts"))
        scene.observe(.db) { $0.restartCount -= 1 }
        if own < 4 { #expect(scene.assessment.event == .serviceNotReady) }
    }

    @Test("a container that the engine keeps restarting fails the start even while it is seen running")
    func engineRestarts() throws {
        var scene = try Scene()
        scene.probe(.db, "")
        scene.observe(.db) { $0.restartCount = 4 }
        #expect(scene.assessment.failure?.message == "it keeps ending, 4 restarts so far")
        scene.probe(.db, "+")
        #expect(scene.assessment.event == .allReady)
    }

    @Test("four refused calls in a row fail the start with the engine's words")
    func callFailures() throws {
        var scene = try Scene(.provisioning, .created)
        scene.input.callFailures[.auth] = CallFailures(count: 3, message: "no space left")
        #expect(scene.assessment.event == .containersCreated)
        scene.input.callFailures[.auth]?.count = 4
        #expect(scene.assessment.failure == .init(service: .auth, message: "no space left"))
        #expect(scene.assessment.cause == "auth: no space left")
    }

    @Test("a start ends at its deadline whatever its services do, and only a start has one")
    func startDeadline() throws {
        var scene = try Scene(.resuming, .created)
        scene.input.now = Scene.start + Assessment.startDeadline + .milliseconds(-1)
        #expect(scene.assessment.event == .serviceNotReady)
        #expect(scene.assessment.requeueAt == Scene.start + Assessment.startDeadline)
        scene.input.now = Scene.start + Assessment.startDeadline
        #expect(scene.assessment.event == .startFailed)
        for status in [ProjectStatus.active, .degraded] {
            scene.input.status = status
            #expect(scene.assessment.event == .serviceNotReady)
            #expect(scene.assessment.requeueAt == nil)
        }
    }

    @Test("a service that backs off waits, and has a pass when it may start")
    func backingOff() throws {
        var scene = try Scene(.degraded)
        scene.observe(.db) { ($0.state, $0.exitCode) = (.exited, 1) }
        scene.starts(.db, 5)
        let next = Scene.start + .seconds(4)
        #expect(scene.assessment.backingOff.keys.map(\.text) == ["db"])
        #expect(scene.assessment.requeueAt == next)
        scene.input.now = next
        #expect(scene.assessment.backingOff.isEmpty)
        #expect(scene.assessment.requeueAt == nil)
    }

    @Test("a restart of single services is over when these have been restarted")
    func partialRestartOutstanding() throws {
        var scene = try Scene(.restarting)
        for service in [ServiceName.db, .auth, .rest] { scene.probe(service, "+") }
        scene.input.restartRequestedAt = Scene.start + .milliseconds(1)
        scene.input.restartServices = [.auth]
        #expect(scene.state(.auth) == .comingUp("its restart is outstanding"))
        #expect(scene.state(.db) == .ready && scene.assessment.event == .serviceNotReady)
        #expect(scene.assessment.isRestartOutstanding)
        scene.observe(.auth) { $0.startedAt = Scene.start + .milliseconds(1) }
        scene.probe(.auth, "+")
        #expect(scene.assessment.event == .allReady && !scene.assessment.isRestartOutstanding)
        scene.input.restartServices = [.auth, .rest]
        #expect(scene.assessment.event == .allReady, "an optional service is not waited for")
        #expect(scene.assessment.isRestartOutstanding, "but not forgotten")
    }

    @Test("a container whose restart is outstanding is not ready, and not to blame for what was before")
    func restartOutstanding() throws {
        var scene = try Scene(.restarting)
        scene.input.restartRequestedAt = Scene.start + .milliseconds(1)
        scene.observe(.db) { $0.restartCount = 9 }
        scene.probe(.auth, "+" + String(repeating: "-", count: 20))
        #expect(scene.state(.db) == .comingUp("its restart is outstanding"))
        #expect(scene.assessment.event == .serviceNotReady)
        #expect(scene.assessment.unresponsive.isEmpty)
        for service in [ServiceName.db, .auth, .rest] {
            scene.observe(service) { ($0.startedAt, $0.restartCount) = (Scene.start + .milliseconds(1), 0) }
            scene.probe(service, "+")
        }
        #expect(scene.assessment.event == .allReady)
    }

    @Test("a service that runs once is ready when it has ended well, and failing when it has not")
    func runsOnce() throws {
        var scene = try Scene()
        scene.input.desired?.services[.db]?.runsOnce = true
        scene.observe(.db) { ($0.state, $0.exitCode) = (.exited, 0) }
        #expect(scene.state(.db) == .ready)
        scene.observe(.db) { $0.exitCode = 2 }
        #expect(scene.state(.db) == .failing("it ended with exit code 2"))
    }

    @Test("a provisioning whose containers all exist has reached its next status")
    func containersCreated() throws {
        var scene = try Scene(.provisioning, .created)
        #expect(scene.assessment.event == .containersCreated)
        scene.input.observed.containers.removeLast()
        #expect(scene.assessment.event == .serviceNotReady)
    }

    @Test("a project that should be stopped is, once nothing is up", arguments: ObservedContainer.State.allCases)
    func stopped(state: ObservedContainer.State) throws {
        let scene = try Scene(.pausing, state)
        #expect(scene.assessment.event == (state.isUp ? nil : .allStopped))
        #expect(scene.assessment.services.isEmpty)
    }

    @Test("a project that should be absent is, once nothing of it is left")
    func absent() throws {
        for status in [ProjectStatus.deleting, .rollingBack] {
            var scene = try Scene(status)
            #expect(scene.assessment.event == nil)
            scene.input.observed.containers = []
            scene.input.observed.networks = []
            #expect(scene.assessment.event == (scene.input.observed.volumes.isEmpty ? .nothingLeft : nil))
            scene.input.observed = ObservedStack(volumes: [ObservedVolume(name: "data")])
            #expect(scene.assessment.event == nil)
            scene.input.observed = ObservedStack()
            #expect(scene.assessment.event == .nothingLeft)
        }
    }

    /// A project that is to go, of which two networks are left.
    private static func leftNetworks(_ status: ProjectStatus) throws -> Scene {
        var scene = try Scene(status)
        scene.input.observed = ObservedStack(networks: [
            ObservedNetwork(id: "n2", name: "ref_two", subnet: nil),
            ObservedNetwork(id: "n1", name: "ref_one", subnet: nil),
        ])
        return scene
    }

    @Test("a project does not wait for ever for networks that the engine does not let go")
    func givenUpNetworks() throws {
        for status in [ProjectStatus.deleting, .rollingBack] {
            var scene = try Self.leftNetworks(status)
            for count in 1...NetworkRefusals.countUntilGivenUp {
                #expect(scene.assessment.event == nil, "after \(count - 1) refusals")
                scene.input.networkRefusals.noteRefusal(of: "n1")
            }
            #expect(scene.assessment.event == nil, "the other one was never refused")
            for _ in 1...NetworkRefusals.countUntilGivenUp {
                scene.input.networkRefusals.noteRefusal(of: "n2")
            }
            #expect(scene.assessment.event == .nothingLeft)
            for name in ["ref_one", "ref_two"] {
                #expect(scene.assessment.cause.contains("disconnect from the network \(name)"))
            }
            #expect(scene.assessment.cause.contains("restart the engine"))
            scene.input.networkRefusals.forget("n1")
            #expect(scene.assessment.event == nil, "it was refused for another reason since")
        }
    }

    @Test("with a container or a volume left a project is not gone, whatever its networks do")
    func moreThanNetworks() throws {
        var scene = try Self.leftNetworks(.deleting)
        for id in Array(repeating: ["n1", "n2"], count: NetworkRefusals.countUntilGivenUp).joined() {
            scene.input.networkRefusals.noteRefusal(of: id)
        }
        #expect(scene.assessment.event == .nothingLeft)
        scene.input.observed.volumes = [ObservedVolume(name: "data")]
        #expect(scene.assessment.event == nil)
        scene.input.observed.volumes = []
        scene.input.observed.containers = try Scene(.deleting).input.observed.containers
        #expect(scene.assessment.event == nil)
        // The plan is unchanged: each pass tries again.
        let plan = reconcile(
            ReconcileInput(goal: .absent, desired: nil, observed: try Self.leftNetworks(.deleted).input.observed))
        #expect(plan.steps.count == 2)
    }

    @Test("without a template nothing is judged")
    func noTemplate() throws {
        var scene = try Scene()
        scene.input.desired = nil
        #expect(scene.assessment == Assessment())
    }

    @Test("a container off the network, or at another address than its own, is failing, whatever its probe said")
    func disconnected() throws {
        var scene = try Scene(.active)
        scene.probe(.db, "+")
        scene.observe(.db) { $0.attachments = [] }
        #expect(scene.state(.db) == .failing("it was disconnected from the project's network"))
        scene.observe(.db) { $0.state = .exited }
        #expect(scene.state(.db) != .failing("it was disconnected from the project's network"))
    }

    @Test("an active project stays active while a service has not been probed, and no longer once it is known to fail")
    func notProbedYet() throws {
        for status in [ProjectStatus.active, .degraded, .starting] {
            var scene = try Scene(status)
            scene.probe(.db, "")
            #expect(scene.assessment.event == (status == .active ? nil : .serviceNotReady))
            scene.probe(.db, "-")
            #expect(scene.assessment.event == (status == .active ? nil : .serviceNotReady))
            scene.probe(.db, "--")
            #expect(scene.assessment.event == .serviceNotReady)
            scene.observe(.db) { $0.state = .exited }
            #expect(scene.assessment.event == .serviceNotReady)
        }
    }

    @Test("restarts that the engine made before a start was asked for do not fail it")
    func oldRestarts() throws {
        for status in [ProjectStatus.resuming, .restarting] {
            var scene = try Scene(status)
            scene.observe(.db) {
                $0.state = .exited
                $0.exitCode = 0
                $0.restartCount = 9
                $0.startedAt = Scene.start + .seconds(-60)
            }
            #expect(scene.assessment.event == .serviceNotReady)
            scene.observe(.db) { $0.startedAt = Scene.start }
            #expect(scene.assessment.event == .startFailed)
        }
    }

    @Test("an image may be refused more often than a container before a start counts as failed")
    func patientPulls() throws {
        var scene = try Scene()
        scene.probe(.db, "")
        for (count, event) in [(4, ProjectLifecycle.Event.serviceNotReady), (8, .startFailed)] {
            scene.input.callFailures[.db] = CallFailures(
                count: count, countMax: CallFailures.pullsUntilFailed, message: "no route to the registry")
            #expect(scene.assessment.event == event)
        }
    }
}
