import CurlKit
public import ProjectModel

// Streams of server-sent events.
extension ManagementClient {
    /// Longest silence of a stream; the API gives a sign of life every ten seconds.
    private static let silenceMax: Duration = .seconds(45)
    /// Time before a stream that has ended is opened again.
    private static let pauseBetween: Duration = .seconds(1)
    /// What the last event says when the stream is whole.
    private static let nothingMore = "finished"
    /// Largest answer to a stream that is refused, in bytes.
    private static let refusalBytesMax = 65_536

    /// Reads a service's log and follows it, also over restarts of the service and of the manager, until the project is
    /// gone or the task is cancelled.
    ///
    /// - Parameters:
    ///   - tail: lines of the past to begin with.
    ///   - since: in place of ``tail`` the moment after which to begin, as the API writes moments.
    ///   - isPast: ends after the lines that are there.
    ///   - line: takes each line, and when it was written.
    public func followLogs(
        of service: ServiceName, in ref: ProjectRef, tail: Int, since: String? = nil, isPast: Bool = false,
        line: (String, String?) -> Void
    ) async throws(ClientError) {
        let call = APICall.get(
            "platform", "projects", ref.text, "services", service.text, "logs",
            query: [(isPast ? "past" : "follow", "true"), ("tail", "\(tail)")])
        try await follow(call, after: since) { if $0.name == "log" { line($0.data, $0.id) } }
    }

    /// Reads a stream to its end. A stream that breaks is opened again after the last event.
    private func follow(
        _ call: APICall, after start: String? = nil, event: (StreamedEvent) -> Void
    ) async throws(ClientError) {
        var (lastID, hasBegun) = (start, false)
        while true {
            do throws(ClientError) {
                if try await read(
                    call, after: &lastID,
                    { found in
                        hasBegun = true
                        event(found)
                    })
                {
                    return
                }
            } catch {
                // A 404 after events means that the project was deleted meanwhile.
                if case .refused(let refusal) = error, refusal.status == 404, hasBegun { return }
                guard error.isPassing else { throw error }
            }
            do { try await pause(Self.pauseBetween) } catch { return }
        }
    }

    /// Reads one connection's worth; true when there is nothing more to come.
    private func read(
        _ call: APICall, after lastID: inout String?, _ event: (StreamedEvent) -> Void
    ) async throws(ClientError) -> Bool {
        var decoder = EventStreamDecoder()
        var bytes = try await open(call, after: lastID).makeAsyncIterator()
        while let piece = try await next(of: &bytes) {
            for found in try decoder.decode(piece) {
                if found.name == "end" { return found.data == Self.nothingMore }
                lastID = found.id ?? lastID
                event(found)
            }
        }
        return false
    }

    private func open(_ call: APICall, after lastID: String?) async throws(ClientError) -> HTTPResponseStream {
        var request = request(call, key: nil)
        request.headers.append((name: "Accept", value: "text/event-stream"))
        if let lastID { request.headers.append((name: "Last-Event-ID", value: lastID)) }
        (request.totalTimeout, request.idleTimeout) = (nil, Self.silenceMax)
        let stream: HTTPResponseStream
        var body: [UInt8] = []
        do throws(HTTPTransportError) {
            stream = try await http.stream(request)
            if stream.head.status != 200 { body = try await stream.collect(limitBytes: Self.refusalBytesMax) }
        } catch { throw .unreachable(error) }
        guard stream.head.status == 200 else { throw .refused(Self.refusal(stream.head, body)) }
        return stream
    }

    private func next(of bytes: inout HTTPResponseStream.Iterator) async throws(ClientError) -> [UInt8]? {
        do throws(HTTPTransportError) { return try await bytes.next(isolation: nil) } catch {
            throw .unreachable(error)
        }
    }
}
