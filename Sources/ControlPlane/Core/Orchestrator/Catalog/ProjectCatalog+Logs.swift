public import ProjectModel

extension ProjectCatalog: ServiceLogs {
    /// Most lines that are read at once.
    public static let logLinesMax = 1_000

    /// Reads from the container engine. Without everything confidential of the project, function secrets
    /// and own settings among it, nothing is shown: it could not be taken out.
    public func tail(
        of service: ServiceName, in ref: ProjectRef, lines: Int
    ) async throws(ServiceLogsError) -> String {
        let redactor: Redactor
        do { redactor = try await self.redactor(of: ref) } catch { throw .catalog(error) }
        let tail: LogTail?
        do throws(EngineError) {
            tail = try await observer.logTail(of: service, in: ref, lines: min(max(1, lines), Self.logLinesMax))
        } catch {
            // The container went away between the two calls.
            if case .notFound = error { throw .noContainer(service, ref) }
            throw .engine(error)
        }
        guard let tail else { throw .noContainer(service, ref) }
        return redactor.redacted(tail)
    }
}
