import APIKit
import FeatureKit
import Orchestrator
import ProjectModel
import Reconciler

/// An operation on the wire.
struct OperationBody: Encodable, Sendable, Documented {
    let id, ref, kind, state, requestedBy, requestedAt, deadline: String
    let attempts: Int
    let waitingFor, service, lastCall, lastError, nextRetryAt, finishedAt, result: Nullable<String>

    static let schema = Schema.named(
        "ProjectOperation",
        .fields(
            .init("id", .uuid), .init("ref", .ref),
            .init("kind", .choice(ProjectOperationKind.allCases.map(\.rawValue))),
            .init("state", .choice(ProjectOperationState.allCases.map(\.rawValue))), .init("requested_by", .text),
            .init("requested_at", .time), .init("deadline", .time), .init("attempts", .integer()),
            .init("waiting_for", .nullable(.text)), .init("service", .nullable(.text)),
            .init("last_call", .nullable(.text)), .init("last_error", .nullable(.text)),
            .init("next_retry_at", .nullable(.time)), .init("finished_at", .nullable(.time)),
            .init("result", .nullable(.text))))

    init(_ operation: ProjectOperation) {
        id = operation.id
        ref = operation.ref.text
        kind = operation.kind.rawValue
        state = operation.state.rawValue
        requestedBy = operation.requestedBy
        requestedAt = operation.requestedAt.rfc3339
        deadline = operation.progress.deadline.rfc3339
        attempts = operation.progress.attempts
        waitingFor = Nullable(operation.progress.waitingFor)
        service = Nullable(operation.progress.service?.text)
        lastCall = Nullable(operation.progress.lastCall)
        lastError = Nullable(operation.progress.lastError)
        nextRetryAt = Nullable(operation.progress.nextRetryAt?.rfc3339)
        finishedAt = Nullable(operation.finishedAt?.rfc3339)
        result = Nullable(operation.result)
    }

    enum CodingKeys: String, CodingKey {
        case id, ref, kind, state, deadline, attempts, service, result
        case requestedBy = "requested_by"
        case requestedAt = "requested_at"
        case waitingFor = "waiting_for"
        case lastCall = "last_call"
        case lastError = "last_error"
        case nextRetryAt = "next_retry_at"
        case finishedAt = "finished_at"
    }
}

/// Why an operation has not come further.
struct ExplanationBody: Encodable, Sendable, Documented {
    let operation: OperationBody
    let status: String
    let isOverdue: Bool
    let blocking: Nullable<Blocking>

    /// The service that blocks.
    struct Blocking: Encodable, Sendable {
        let service: String
        let state, message, probeOutput, observedAt: Nullable<String>
        let logTail: String

        enum CodingKeys: String, CodingKey {
            case service, state, message
            case probeOutput = "probe_output"
            case observedAt = "observed_at"
            case logTail = "log_tail"
        }

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
    }

    static let schema = Schema.named(
        "OperationExplanation",
        .fields(
            .init("operation", OperationBody.schema), .init("status", .projectStatus), .init("is_overdue", .boolean),
            .init(
                "blocking",
                .nullable(
                    .fields(
                        .init("service", .text),
                        .init("state", .nullable(.choice(["ready", "unknown", "coming_up", "failing"]))),
                        .init("message", .nullable(.text)), .init("probe_output", .nullable(.text)),
                        .init("observed_at", .nullable(.time)), .init("log_tail", .text))))))

    init(_ explanation: OperationExplanation) {
        operation = OperationBody(explanation.operation)
        status = explanation.status.studioStatus.rawValue
        isOverdue = explanation.isOverdue
        blocking = Nullable(explanation.blocking.map(Blocking.init))
    }

    enum CodingKeys: String, CodingKey {
        case operation, status, blocking
        case isOverdue = "is_overdue"
    }
}
