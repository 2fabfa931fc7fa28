import ManagementClient
import ProjectModel

/// Waits until an upgrade, or a change of services, has ended, and reports a failure.
struct OperationEnd {
    let session: ClientSession
    let client: ManagementClient
    let waiting: WaitOptions
    let isSilent: Bool

    func wait(
        for id: String, of ref: ProjectRef, name: String, eventsAfter last: ProjectEvent?
    ) async throws(ClientError) {
        let printer = ProgressPrinter(session: session, client: client, options: waiting, isSilent: isSilent)
        try await printer.wait(for: .running, ref, name: name, eventsAfter: last)
        let operation = try await client.operation(id, of: ref)
        guard operation.state == "succeeded" else {
            let reason = operation.result.map { ": \(DisplayText.oneLine($0))" } ?? ""
            throw .notReached(
                "\(DisplayText.oneLine(name)) (\(ref)): the \(operation.kind) \(operation.state)\(reason)")
        }
    }
}
