/* SPDX-License-Identifier: GPL-2.0-only */
/* What a test expects to be told by events; its fixture has events and told. */
#ifndef BINDERY_TEST_HEAR_H
#define BINDERY_TEST_HEAR_H

#include "reader.h"

/* The next event of that type; those between are passed over, but counted. */
#define HEAR(type)							\
	ASSERT_EQ(0, reader_hear_type(&self->events,			\
				      BINDERY_EVENT_TYPE_##type, &self->told))

/* What an attribute of the last event says. */
#define EXPECT_NUMBER(value, attr) do {					\
	EXPECT_TRUE(TELLS(&self->told, attr));				\
	EXPECT_EQ(value, NUMBER(&self->told, attr));			\
} while (0)

#endif
