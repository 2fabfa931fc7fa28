import APIKit
import FeatureKit
import Orchestrator
import ProjectModel
import Reconciler

/// An operation on the wire.
struct OperationBody: EncodableBody {
    let operation: ProjectOperation

    init(_ operation: ProjectOperation) { self.operation = operation }

    static let shape = BodyShape<Self>(
        "ProjectOperation",
        [
            .init("id", .uuid, of: \.operation.id),
            .init("ref", .ref, of: \.operation.ref.text),
            .init("kind", .choice(ProjectOperationKind.allCases.map(\.rawValue)), of: \.operation.kind.rawValue),
            .init("state", .choice(ProjectOperationState.allCases.map(\.rawValue)), of: \.operation.state.rawValue),
            .init("requested_by", of: \.operation.requestedBy),
            .init("requested_at", .time, of: \.operation.requestedAt.rfc3339),
            .init("deadline", .time, of: \.operation.progress.deadline.rfc3339),
            .init("attempts", of: \.operation.progress.attempts),
            .nullable("waiting_for", of: \.operation.progress.waitingFor),
            .nullable("service", of: \.operation.progress.service?.text),
            .nullable("last_call", of: \.operation.progress.lastCall),
            .nullable("last_error", of: \.operation.progress.lastError),
            .nullable("next_retry_at", .time, of: \.operation.progress.nextRetryAt?.rfc3339),
            .nullable("finished_at", .time, of: \.operation.finishedAt?.rfc3339),
            .nullable("result", of: \.operation.result),
        ])
}

/// Why an operation has not come further.
struct ExplanationBody: EncodableBody {
    /// The service that blocks.
    struct Blocking: EncodableBody {
        let service: String
        let state, message, probeOutput, observedAt: Nullable<String>
        let logTail: String

        init(_ blocking: OperationExplanation.Blocking) {
            service = blocking.service.text
            switch blocking.state {
            case .ready: (state, message) = (Nullable("ready"), Nullable(nil))
            case .unknown(let text): (state, message) = (Nullable("unknown"), Nullable(text))
            case .comingUp(let text): (state, message) = (Nullable("coming_up"), Nullable(text))
            case .failing(let text): (state, message) = (Nullable("failing"), Nullable(text))
            case nil: (state, message) = (Nullable(nil), Nullable(nil))
            }
            probeOutput = Nullable(blocking.probeOutput)
            observedAt = Nullable(blocking.observedAt?.rfc3339)
            logTail = blocking.logTail
        }

        static let shape = BodyShape<Self>([
            .init("service", of: \.service),
            .init("state", .choice(["ready", "unknown", "coming_up", "failing"]), of: \.state),
            .init("message", of: \.message),
            .init("probe_output", of: \.probeOutput),
            .init("observed_at", .time, of: \.observedAt),
            .init("log_tail", of: \.logTail),
        ])
    }

    let explanation: OperationExplanation

    init(_ explanation: OperationExplanation) { self.explanation = explanation }

    static let shape = BodyShape<Self>(
        "OperationExplanation",
        [
            .init("operation") { OperationBody($0.explanation.operation) },
            .init("status", .projectStatus, of: \.explanation.status.studioStatus.rawValue),
            .init("is_overdue", of: \.explanation.isOverdue),
            .nullable("blocking") { $0.explanation.blocking.map(Blocking.init) },
        ])
}
