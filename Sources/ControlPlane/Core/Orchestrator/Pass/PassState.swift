import ProjectModel
import Reconciler

/// What the loop remembers of one project between two passes: what decisions rest on, and what spares reads and
/// repetitions. All of it may be lost at any time.
struct PassState: Sendable {
    /// What decisions rest on.
    var decisions: ReconcileState
    /// What the last pass rested on; nil when it could not be carried through.
    var basis: Relist.Basis?
    /// Restarts and pulls that are not in the project's history yet.
    var pendingEvents: [ProjectEvent] = []
    /// Whether it was said that the project's template version is not known.
    var saidUnknownVersion = false
    /// Function secrets of which it was said that they are left out.
    var saidUnusedSecrets: [String] = []
    /// The operation in progress, if known.
    var operation: TrackedOperation?
    private var rendered: (key: RenderKey, stack: DesiredStack, redactor: Redactor)?

    init(epoch: ReconcileState.Epoch) { decisions = ReconcileState(epoch: epoch) }

    func stack(for record: ProjectRecord) -> DesiredStack? {
        rendered.flatMap { $0.key == RenderKey(record) ? $0.stack : nil }
    }

    /// Takes out what must not be seen in logs and messages.
    var redactor: Redactor { rendered?.redactor ?? Redactor() }

    mutating func keep(_ stack: DesiredStack, _ redactor: Redactor, for record: ProjectRecord) {
        rendered = (RenderKey(record), stack, redactor)
    }

    /// What the rendered stack depends on.
    private struct RenderKey: Sendable, Equatable {
        let name: ProjectName
        let template: TemplateDigest?
        let services: [ServiceName]
        let leases: Leases?
        let configurationRevision: Int64

        init(_ record: ProjectRecord) {
            name = record.name
            template = record.template
            services = record.services
            leases = record.leases
            configurationRevision = record.configurationRevision
        }
    }
}
