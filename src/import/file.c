/*-------------------------------------------------------------------------
 *
 * file.c
 *	  A file that is read as if it stood in memory
 *
 * The system pages it in and out, so its size is no matter.  What comes through
 * a pipe goes into a file without a name first: it is read twice, for its encoding
 * and for its records.
 *
 *-------------------------------------------------------------------------
 */
#include "import/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/report.h"

static bool
cannot_read(const char *name)
{
	say("cannot read %s: %s", name, strerror(errno));
	return false;
}

/* All of what a pipe has, as a file; -1 if that cannot be. */
static int
spool(int fd)
{
	FILE	   *spooled = tmpfile();
	char		buffer[65536];
	ssize_t		got;

	if (spooled == NULL)
		return -1;
	while ((got = read(fd, buffer, sizeof(buffer))) != 0)
	{
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || fwrite(buffer, 1, (size_t) got, spooled) != (size_t) got)
			return -1;
	}
	return fflush(spooled) == 0 ? fileno(spooled) : -1;
}

bool
open_file(File *file, const char *path)
{
	struct stat status;
	int			fd = STDIN_FILENO;
	void	   *text;

	*file = (File)
	{
		.name = path
	};
	if (strcmp(path, "-") == 0)
		file->name = "stdin";
	else
		fd = open(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &status) != 0)
		return cannot_read(file->name);
	if (S_ISDIR(status.st_mode))
	{
		errno = EISDIR;
		return cannot_read(file->name);
	}
	if (!S_ISREG(status.st_mode) && ((fd = spool(fd)) < 0 || fstat(fd, &status) != 0))
		return cannot_read(file->name);
	if (status.st_size == 0)
	{
		say("%s is empty", file->name);
		return false;
	}
	text = mmap(NULL, (size_t) status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return cannot_read(file->name);
	file->text = text;
	file->length = (size_t) status.st_size;
	if (fd != STDIN_FILENO)
		close(fd);
	return true;
}

void
close_file(File *file)
{
	munmap((void *) file->text, file->length);
}
