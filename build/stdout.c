/*
 * Rust opens /dev/null in place of a standard output that was closed before the program started, and
 * every write to it succeeds: data would be lost, and the exit code say that all is well. This runs
 * before that, and opens it for reading only; `ui::check_output` sees it.
 *
 * In C, since safe Rust has no way to run before the standard library begins.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

__attribute__((constructor)) static void keep_a_closed_output_unwritable(void) {
    int null;
    if (fcntl(STDOUT_FILENO, F_GETFD) != -1 || errno != EBADF) {
        return;
    }
    null = open("/dev/null", O_RDONLY);
    if (null != -1 && null != STDOUT_FILENO) {
        dup2(null, STDOUT_FILENO);
        close(null);
    }
}
