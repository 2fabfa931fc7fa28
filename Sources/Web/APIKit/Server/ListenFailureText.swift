import Glibc
import NIOCore

extension ListenError {
    /// What happened and what to do about it, in the system's terms and never a library's.
    package static func reason(of error: any Error) -> String {
        switch error {
        case let error as IOError: systemReason(error.errnoCode)
        case is SocketAddressError: "there is no such host; name an address of this machine"
        default: "the address cannot be used; choose another address"
        }
    }

    private static func systemReason(_ number: Int32) -> String {
        switch number {
        case EADDRINUSE: "something listens there already; stop it or choose another address"
        case EADDRNOTAVAIL: "this machine has no such address; choose one that ip addr shows"
        case EACCES, EPERM: "this user may not listen on that port; choose a port from 1024 up"
        default:
            // SAFETY: the text is the C library's and is copied at once.
            unsafe String(cString: strerror(number))
        }
    }
}
