import Logging
import ProjectModel
import Reconciler

/// What keeps a project from getting on is written into its record.
extension ReconcileLoop {
    func write(_ report: TroubleReport, _ record: ProjectRecord) async throws {
        let failure: ProjectFailure? =
            switch report.failure {
            case .keep: record.failure
            case .clear: nil
            case .record(let reason, _): ProjectFailure(service: reason.service, message: reason.message)
            }
        let transition = StatusTransition(
            from: record.status, to: report.status, cause: report.cause, failure: failure, at: time.now())
        guard try await store.transition(record.ref, transition) else { return }
        logger.warning(
            "a project cannot get on",
            metadata: [
                "project": "\(record.ref)", "status": "\(report.status.rawValue)", "cause": "\(report.cause)",
            ])
    }
}
