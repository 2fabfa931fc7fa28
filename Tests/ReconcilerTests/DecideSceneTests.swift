import OrchestratorTesting
import ProjectModel
import Testing

@testable import Reconciler

@Suite("What a pass decides about a whole project, as text")
struct DecideSceneTests {
    /// What the engine and the probes show of db ← auth, and an optional rest.
    enum Seen: String, CaseIterable {
        /// All services run and answer.
        case healthy
        /// The required auth does not answer any more.
        case silent
        /// Nothing runs; the pass before has found the same.
        case stopped
        /// Nothing is there; the pass before has found the same.
        case nothing
    }

    /// The expected texts, by status and what is seen.
    static let texts: [String: String] = {
        var texts: [String: String] = [:]
        var key = ""
        for line in DecideScenes.text.split(separator: "\n", omittingEmptySubsequences: true) {
            if line.hasPrefix("  ") {
                texts[key, default: ""] += (texts[key]?.isEmpty == false ? "\n" : "") + line.dropFirst(2)
            } else {
                key = String(line)
                texts[key] = ""
            }
        }
        return texts
    }()

    private static func key(_ status: ProjectStatus, _ seen: Seen) -> String { "\(status.rawValue), \(seen)" }

    @Test("there is a text for every status and everything that is seen, and no other")
    func complete() {
        let wanted = ProjectStatus.allCases.flatMap { status in Seen.allCases.map { Self.key(status, $0) } }
        #expect(Self.texts.keys.sorted() == wanted.sorted())
    }

    @Test("every status decides as the texts say", arguments: ProjectStatus.allCases)
    func decides(status: ProjectStatus) throws {
        for seen in Seen.allCases {
            let text = try Self.decided(status, seen)
            #expect(text == Self.texts[Self.key(status, seen)], "\(Self.key(status, seen))")
        }
    }

    private static func decided(_ status: ProjectStatus, _ seen: Seen) throws -> String {
        var scene = try Scene(status, seen == .stopped ? .exited : .running)
        if seen == .silent { scene.probe(.auth, "+--") }
        if seen == .nothing { scene.input.observed = ObservedStack() }
        let project = ObservedProject(
            record: RecordedProject(
                status: status, statusChangedAt: Scene.start,
                template: TemplateDigest(String(repeating: "ab", count: 32)), hasTemplateBefore: true),
            desired: status.goal == .absent ? nil : scene.input.desired, observed: scene.input.observed,
            health: scene.input.health, now: scene.input.now)
        var state = ReconcileState.sample
        state.note(.project(project))
        state.note(decide(.project(project), state))
        return decide(.project(project), state).description
    }
}
