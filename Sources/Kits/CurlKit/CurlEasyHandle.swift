import CCurl
import Glibc

/// Owner of one libcurl easy handle with everything that must live as long as a transfer uses it.
///
/// Belongs to the loop's thread, like the transfers themselves.
final class CurlEasyHandle {
    let pointer: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    private var headerList: UnsafeMutablePointer<curl_slist>?

    init?() {
        guard let pointer = curl_easy_init() else { return nil }
        self.pointer = pointer
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        curl_easy_cleanup(pointer)
        curl_slist_free_all(headerList)
        errorText.deallocate()
    }

    /// Forgets the last transfer; connections stay with the multi handle.
    func reset() {
        curl_easy_reset(pointer)
        curl_slist_free_all(headerList)
        headerList = nil
        errorText.pointee = 0
    }

    /// libcurl's words about the last failure.
    var lastError: String { String(cString: errorText) }

    /// A numeric fact about the transfer; zero if libcurl has none.
    func fact(_ info: CURLINFO) -> Int {
        var value = 0
        return ccurl_easy_get_long(pointer, info, &value) == CURLE_OK ? value : 0
    }

    /// Sets the handle up for `transfer`, which must stay alive until the handle is reset.
    ///
    /// - Returns: false if libcurl refuses an option, which it does only when it is out of memory.
    func prepare(for transfer: Transfer) -> Bool {
        let request = transfer.request
        let steps = [
            setTarget(request), setTimeouts(transfer), setBody(request), setHeaders(request), setSignature(request),
            setCallbacks(transfer),
        ]
        return steps.allSatisfy { $0 }
    }

    private func setTarget(_ request: HTTPRequest) -> Bool {
        set(CURLOPT_URL, request.url)
            && set(CURLOPT_PROTOCOLS_STR, "http,https")
            && set(CURLOPT_CUSTOMREQUEST, request.method)
            && set(CURLOPT_NOBODY, request.method == "HEAD" ? 1 : 0)
            && set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
            // An empty proxy also switches off what the environment's http_proxy says.
            && set(CURLOPT_PROXY, "")
            && (request.unixSocketPath.map { set(CURLOPT_UNIX_SOCKET_PATH, $0) } ?? true)
            && set(CURLOPT_FRESH_CONNECT, request.mustBeSentOnce ? 1 : 0)
    }

    private func setTimeouts(_ transfer: Transfer) -> Bool {
        let connect = transfer.request.connectTimeout ?? transfer.limits.connectTimeout
        guard let idle = transfer.request.idleTimeout else {
            return set(CURLOPT_CONNECTTIMEOUT_MS, connect.wholeMilliseconds)
        }
        return set(CURLOPT_CONNECTTIMEOUT_MS, connect.wholeMilliseconds)
            && set(CURLOPT_LOW_SPEED_LIMIT, 1)
            && set(CURLOPT_LOW_SPEED_TIME, (idle.wholeMilliseconds + 999) / 1000)
    }

    private func setBody(_ request: HTTPRequest) -> Bool {
        guard request.announcesBody else { return true }
        if request.upload != nil { return set(CURLOPT_UPLOAD, 1) }
        guard set(CURLOPT_POST, 1),
            ccurl_easy_set_offset(pointer, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count)) == CURLE_OK
        else { return false }
        if request.body.isEmpty { return set(CURLOPT_COPYPOSTFIELDS, "") }
        return request.body.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return false }
            return ccurl_easy_set_bytes(pointer, CURLOPT_COPYPOSTFIELDS, base) == CURLE_OK
        }
    }

    private func setHeaders(_ request: HTTPRequest) -> Bool {
        // No "Expect: 100-continue": it costs a second of waiting with servers that do not answer it.
        var lines = ["Expect:"]
        if request.announcesBody, !request.headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            lines.append("Content-Type:")
        }
        lines += request.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        for line in lines {
            guard let longer = curl_slist_append(headerList, line) else { return false }
            headerList = longer
        }
        return ccurl_easy_set_list(pointer, CURLOPT_HTTPHEADER, headerList) == CURLE_OK
    }

    private func setSignature(_ request: HTTPRequest) -> Bool {
        guard let signature = request.signature else { return true }
        return set(CURLOPT_AWS_SIGV4, "aws:amz:\(signature.region):\(signature.service)")
            && set(CURLOPT_USERNAME, signature.accessKeyID) && set(CURLOPT_PASSWORD, signature.secretAccessKey)
    }

    private func setCallbacks(_ transfer: Transfer) -> Bool {
        let context = Unmanaged.passUnretained(transfer).toOpaque()
        return ccurl_easy_set_pointer(pointer, CURLOPT_ERRORBUFFER, errorText) == CURLE_OK
            && set(CURLOPT_NOSIGNAL, 1)
            && ccurl_easy_set_data_callback(pointer, CURLOPT_HEADERFUNCTION, headerCallback) == CURLE_OK
            && ccurl_easy_set_pointer(pointer, CURLOPT_HEADERDATA, context) == CURLE_OK
            && ccurl_easy_set_data_callback(pointer, CURLOPT_WRITEFUNCTION, bodyCallback) == CURLE_OK
            && ccurl_easy_set_pointer(pointer, CURLOPT_WRITEDATA, context) == CURLE_OK
            && (transfer.request.upload == nil
                || ccurl_easy_set_data_callback(pointer, CURLOPT_READFUNCTION, supplyCallback) == CURLE_OK
                    && ccurl_easy_set_pointer(pointer, CURLOPT_READDATA, context) == CURLE_OK)
            && (transfer.request.addressRule == nil
                || ccurl_easy_set_open_callback(pointer, CURLOPT_OPENSOCKETFUNCTION, openCallback) == CURLE_OK
                    && ccurl_easy_set_pointer(pointer, CURLOPT_OPENSOCKETDATA, context) == CURLE_OK)
            && ccurl_easy_set_socket_callback(pointer, CURLOPT_SOCKOPTFUNCTION, socketCallback) == CURLE_OK
    }

    private func set(_ option: CURLoption, _ value: Int) -> Bool {
        ccurl_easy_set_long(pointer, option, value) == CURLE_OK
    }

    private func set(_ option: CURLoption, _ value: String) -> Bool {
        ccurl_easy_set_string(pointer, option, value) == CURLE_OK
    }
}

// The callbacks run inside `curl_multi_perform` and `curl_easy_pause`, on the loop's thread, which keeps the transfer
// alive while its handle is in use; so the unretained reference is valid. Returning 0 makes libcurl end the transfer:
// no call of either kind comes without bytes to take.

private let headerCallback: ccurl_data_callback = { bytes, size, count, context in
    guard let context else { return 0 }
    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    return transfer.receiveHeader(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
}

private let bodyCallback: ccurl_data_callback = { bytes, size, count, context in
    guard let context, size * count > 0 else { return 0 }
    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    switch transfer.receiveBody(UnsafeRawBufferPointer(start: bytes, count: size * count)) {
    case .taken: return size * count
    case .pause: return Int(CURL_WRITEFUNC_PAUSE)
    case .overflow: return 0
    }
}

private let supplyCallback: ccurl_data_callback = { bytes, size, count, context in
    guard let context, let bytes else { return Int(CURL_READFUNC_ABORT) }
    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    let room = UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
    switch transfer.request.upload?.supply(room) {
    case .bytes(let supplied): return supplied
    case .pause: return Int(CURL_READFUNC_PAUSE)
    case .abort, nil: return Int(CURL_READFUNC_ABORT)
    }
}

/// Judges the address that is about to be connected to, after the name was resolved: no second resolution can give
/// another one.
private let openCallback: ccurl_open_callback = { context, _, address in
    guard let context, let address else { return CURL_SOCKET_BAD }
    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    guard let rule = transfer.request.addressRule, let socket = rule.open(address) else {
        transfer.isAddressRefused = true
        return CURL_SOCKET_BAD
    }
    return socket
}

/// Keeps the socket from leaking into processes that this one starts.
private let socketCallback: ccurl_socket_callback = { _, socket, _ in
    fcntl(socket, F_SETFD, FD_CLOEXEC) == -1 ? CURL_SOCKOPT_ERROR : CURL_SOCKOPT_OK
}

extension Duration {
    /// Whole milliseconds, rounded up, at least one: libcurl reads zero as "no limit".
    fileprivate var wholeMilliseconds: Int {
        let longest = Int(Int32.max)
        let (seconds, attoseconds) = components
        if seconds >= Int64(longest / 1000) { return longest }
        return max(1, Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }
}
